import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SILENT } from '../project/silent.fixture.ts';
import { createFleetIdentity } from '../secrets/fleet-identity-file.ts';
import { type PreparedNode, prepareNode } from './prepared-node.fixture.ts';
import { createPlaybookRunner } from './runner.ts';

/** Prepared without a fleet, as by an earlier version. */
let node: PreparedNode;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  node = await prepareNode(26_000 + Math.floor(Math.random() * 500));
});
afterAll(async () => {
  for (const close of closing) await close();
  await node?.close();
});

async function startFleet(name: string) {
  const fleet = createFleetIdentity();
  const runDir = join(node.home, name);
  const runner = await createPlaybookRunner({ runDir, logger: SILENT, warm: false, fleet });
  closing.push(() => runner.close());
  const signal = new AbortController().signal;
  return {
    ...fleet,
    order: (fence: number, more: { leave?: boolean; adoptFrom?: string } = {}) =>
      runner.run(
        { ...node.target, adoptFrom: more.adoptFrom ?? null },
        { playbook: 'verify_clean', fence, leave: more.leave ?? false },
        { timeoutMs: 60_000, signal },
      ),
  };
}

const state = async () => JSON.parse(await node.inside('cat /var/lib/orion/state.json'));

test('a node belongs to one fleet: another one is refused before anything is changed', async () => {
  const [ours, other] = [await startFleet('ours'), await startFleet('other')];
  // A node without a mark, as an earlier version left it, is adopted with its numbers.
  expect(await ours.order(node.fence + 1)).toMatchObject({ ok: true, fenceSeen: node.fence + 1 });
  const before = await state();
  expect(before.fleet).toBe(ours.id);

  const refused = await other.order(9_000);
  expect(refused).toMatchObject({ ok: false, reason: 'OtherFleet', fleetSeen: ours.id });
  expect(await state()).toEqual(before);

  // The node returns the number with the proof that it is ours; another number has none.
  expect(await ours.order(1)).toMatchObject({
    ok: false,
    reason: 'FenceTooLow',
    fenceSeen: node.fence + 1,
    fenceProven: true,
  });
  await node.inside(
    'sed -i \'s/"fence_seen": [0-9]*/"fence_seen": 281474976710656/\' /var/lib/orion/state.json',
  );
  const lie = await ours.order(node.fence + 2);
  expect(lie).toMatchObject({ ok: false, reason: 'FenceTooLow', fenceSeen: 2 ** 48 });
  expect(lie).not.toHaveProperty('fenceProven');

  // A person lets the other fleet take the node: its numbers count, however low, and the former fleet is refused.
  expect(await other.order(5, { adoptFrom: ours.id })).toMatchObject({ ok: true, fenceSeen: 5 });
  expect(await ours.order(2 ** 49)).toMatchObject({ ok: false, reason: 'OtherFleet', fleetSeen: other.id });

  // Once the node has left, clean, any fleet may take it. A number from its former time is still too low.
  expect(await other.order(6, { leave: true })).toMatchObject({ ok: true, findings: [] });
  expect(await state()).toMatchObject({ fleet: null, fence_seen: 6 });
  expect(await ours.order(7)).toMatchObject({ ok: true });
  expect((await state()).fleet).toBe(ours.id);
});
