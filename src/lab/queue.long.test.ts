import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RentalView } from '../core/view/rental-view.ts';
import { type Answer, openTestLab, type TestLab } from './test-lab.fixture.ts';
import { ensureKeyPair } from './worker.ts';

const WAIT = { timeout: 90_000, interval: 200 };
const NODES = ['w1', 'w2', 'w3', 'w4', 'w5'];
const BASE_PORT = 28_840;
const TTL_MS = 3_600_000;
/** How many machines each tenant requests. The first tenant requests all of its own before the others come. */
const ASKED = { flood: 18, some: 8, few: 4 };

let test: TestLab;
let sshPublicKey: string;
beforeAll(async () => {
  // As the operator of a lab sets it: two processes of the API behind the proxy.
  process.env.ORION_REPLICAS = '2';
  test = await openTestLab({ basePort: BASE_PORT, nodes: NODES.length });
  sshPublicKey = await ensureKeyPair(join(test.home, 'keys', 'client'), 'client');
}, 180_000);
afterAll(() => test?.close());

async function tokenOf(tenant: string): Promise<string> {
  return (await test.call('POST', '/api/tokens', { tenant })).body.token;
}

const asAdmin = () => ({ token: test.lab.tokens?.admin as string });

async function list(more = ''): Promise<RentalView[]> {
  return (await test.call('GET', `/api/rentals?limit=500${more}`, undefined, asAdmin())).body.items;
}

/** Releases rentals of any tenant. */
async function release(rentals: RentalView[]): Promise<void> {
  for (const { id } of rentals) {
    expect((await test.call('DELETE', `/api/rentals/${id}`, undefined, asAdmin())).status).toBe(202);
  }
}

async function settle(): Promise<void> {
  await release(await list());
  await test.settle();
}
const inQueue = (rentals: RentalView[]) =>
  rentals
    .filter(({ status }) => status.queuePosition !== null)
    .sort((a, b) => Number(a.status.queuePosition) - Number(b.status.queuePosition));

/** The rule in other words: the tenant with the fewest machines is next; among equals, the one served longest ago. */
class Rule {
  readonly waiting: { name: string; tenant: string }[] = [];
  readonly has = new Map<string, number>();
  /** Tenants; among equals, the one that comes first here is preferred. */
  readonly turns: string[] = [];

  ask(tenant: string, name: string): void {
    this.waiting.push({ name, tenant });
    if (!this.turns.includes(tenant)) this.turns.push(tenant);
  }
  next(): string {
    const able = this.turns.filter((tenant) => this.waiting.some((each) => each.tenant === tenant));
    const fewest = Math.min(...able.map((tenant) => this.has.get(tenant) ?? 0));
    const tenant = able.find((each) => (this.has.get(each) ?? 0) === fewest);
    return this.waiting.find((each) => each.tenant === tenant)?.name as string;
  }
  serve(name: string): void {
    const index = this.waiting.findIndex((each) => each.name === name);
    const tenant = this.waiting.splice(index, 1)[0]?.tenant as string;
    this.has.set(tenant, (this.has.get(tenant) ?? 0) + 1);
    this.turns.push(...this.turns.splice(this.turns.indexOf(tenant), 1));
  }
  release(tenant: string): void {
    this.has.set(tenant, (this.has.get(tenant) ?? 0) - 1);
  }
  /** The order in which all that wait would be served. */
  order(): string[] {
    const copy = new Rule();
    copy.waiting.push(...this.waiting);
    copy.turns.push(...this.turns);
    for (const [tenant, count] of this.has) copy.has.set(tenant, count);
    return this.waiting.map(() => {
      const name = copy.next();
      copy.serve(name);
      return name;
    });
  }
}

it('serves 30 requests of three tenants on five nodes in the order that it promised, and tells places and times', async () => {
  for (const node of NODES) await test.call('POST', `/api/nodes/${node}/cordon`);
  const rule = new Rule();
  const tenantOf = new Map<string, string>();
  for (const [tenant, count] of Object.entries(ASKED)) {
    const token = await tokenOf(tenant);
    for (let n = 1; n <= count; n++) {
      const name = `${tenant}-${String(n).padStart(2, '0')}`;
      const wanted = { name, sshPublicKey, ttl: '1h' };
      const answer = await test.call('POST', '/api/rentals', wanted, { token });
      expect(answer.status).toBe(202);
      rule.ask(tenant, name);
      tenantOf.set(name, tenant);
    }
  }

  // Nobody has a machine: the places are turns, whoever asked for more or earlier. No return can be estimated.
  await expect.poll(async () => inQueue(await list()).map(({ name }) => name), WAIT).toEqual(rule.order());
  const before = inQueue(await list());
  expect(before.map(({ status }) => status.queuePosition)).toEqual(before.map((_, index) => index + 1));
  expect(before.map(({ status }) => status.queueEstimateAt)).toEqual(before.map(() => null));

  for (const node of NODES) await test.call('POST', `/api/nodes/${node}/uncordon`);
  const firstFive = rule.order().slice(0, NODES.length);
  const active = async () => (await list()).filter(({ status }) => status.phase === 'Active');
  await expect
    .poll(async () => (await active()).map(({ name }) => name).toSorted(), WAIT)
    .toEqual(firstFive.toSorted());

  // Each lease lasts an hour: the next five follow when these end, five more an hour later. An estimate may be off by
  // a tenth of the wait.
  const ends = (await active()).map(({ status }) => Date.parse(String(status.expiresAt))).toSorted();
  const expected = (index: number) =>
    Number(ends[index % NODES.length]) + Math.floor(index / NODES.length) * TTL_MS;
  const isAbout = ({ status }: RentalView, index: number) => {
    const waves = 1 + Math.floor(index / NODES.length);
    const offMs = Date.parse(String(status.queueEstimateAt)) - expected(index);
    return Math.abs(offMs) <= 0.1 * waves * TTL_MS + 2 * 60_000;
  };
  await expect.poll(async () => inQueue(await list()).map(isAbout), WAIT).toEqual(Array(25).fill(true));

  for (let left = 25; left > 0; left -= NODES.length) {
    const done = await active();
    await release(done);
    const gone = new Set(done.map(({ id }) => id));
    await expect
      .poll(async () => (await active()).filter(({ id }) => !gone.has(id)).length, WAIT)
      .toBe(NODES.length);
    await expect
      .poll(async () => inQueue(await list()).map(({ status }) => status.queuePosition), WAIT)
      .toEqual(Array.from({ length: left - NODES.length }, (_, index) => index + 1));
  }

  // Replay the history: each turn was the one that the rule gives for the state at that moment.
  const { items } = (await test.call('GET', '/api/events?limit=500&type=rental.placed')).body;
  const ended = (await test.call('GET', '/api/events?limit=500&type=rental.releasing')).body.items;
  const names = new Map((await list('&all=true')).map(({ id, name }) => [id, name]));
  const history = [...items, ...ended].sort((a, b) => a.seq - b.seq);
  expect(history.filter(({ type }) => type === 'rental.placed')).toHaveLength(30);
  for (const { type, rental } of history) {
    const name = names.get(rental) as string;
    if (type === 'rental.releasing') rule.release(tenantOf.get(name) as string);
    else {
      expect(name).toBe(rule.next());
      rule.serve(name);
    }
  }
  await settle();
});

it('what no node can ever match is told at once and has no place, until a node of the fleet can', async () => {
  const { id } = (await test.call('POST', '/api/rentals', { sshPublicKey, selector: { zone: 'z' } })).body;
  const readyOf = async () => {
    const { status } = await test.rental(id);
    const ready = status.conditions.find(({ type }) => type === 'Ready');
    return [status.phase, ready?.reason, status.queuePosition];
  };
  await expect.poll(readyOf, WAIT).toEqual(['Pending', 'Unsatisfiable', null]);
  const [first, ...others] = NODES.map(
    (name, index) => `{ name: ${name}, port: ${BASE_PORT + 1 + index}${index === 0 ? ', zone: z' : ''} }`,
  );
  await test.call('POST', '/api/nodes/w1/cordon');
  await test.writeInventory([first as string, ...others]);
  await test.lab.reload();
  await expect.poll(readyOf, WAIT).toEqual(['Pending', 'NoFreeNode', 1]);
  await test.call('POST', '/api/nodes/w1/uncordon');
  await expect.poll(async () => (await test.rental(id)).status.node, WAIT).toBe('w1');
  await settle();
});

it('a quota of 3 lets exactly 3 of 50 requests at once have a rental, through two processes of the API', async () => {
  const token = await tokenOf('many');
  const limits = { maxRentals: 3, maxTtl: '2h' };
  expect((await test.call('PATCH', '/api/tenants/many', limits)).status).toBe(200);
  const ask = (): Promise<Answer> => test.call('POST', '/api/rentals', { sshPublicKey }, { token });
  const answers = await Promise.all(Array.from({ length: 50 }, ask));
  const codes = answers.map(({ status, body }) => `${status} ${body.code ?? ''}`.trim());
  expect(codes.toSorted()).toEqual([...Array(3).fill('202'), ...Array(47).fill('403 quota_exceeded')]);
  expect(answers.find(({ status }) => status === 403)?.body.quota).toEqual({
    limit: 'maxRentals',
    allowed: 3,
    used: 3,
  });
  const own = await test.call('GET', '/api/tenants/many', undefined, { token });
  expect(own.body).toMatchObject({ used: { rentals: 3 } });

  // A new rate applies at once, and to both processes together.
  await test.call('PATCH', '/api/tenants/many', { requestsPerMinute: 4 });
  const read = () => test.call('GET', '/api/rentals', undefined, { token });
  const reads = await Promise.all(Array.from({ length: 20 }, read));
  const refused = reads.filter(({ status }) => status === 429);
  // While these are in flight, one more request may be allowed.
  expect([15, 16]).toContain(refused.length);
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  await settle();
});
