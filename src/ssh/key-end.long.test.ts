import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InspectedNode, openInspectedNode, secondsFromNow } from './inspected-node.fixture.ts';

// The end of access as a real sshd enforces it from the key file, without a daemon.

const owner = { account: 'rkeyend01', uid: 20_001 };
const key = `/etc/ssh/orion/${owner.account}`;
const WAIT = { timeout: 30_000, interval: 100 };
let node: InspectedNode;

beforeAll(async () => {
  node = await openInspectedNode(owner, 28_760);
  await node.prepare(false);
  await node.create();
});
afterAll(() => node?.close());

/** Whether the key was tried before this end of its access. Then it has to be accepted. */
async function isAcceptedUntil(end: Date): Promise<boolean> {
  node.setEnd(end);
  const made = await node.tryCreate();
  const isAccepted = made.ok && (await node.isKeyAccepted());
  if (Date.now() >= end.getTime()) return false;
  expect([made, isAccepted]).toEqual([expect.objectContaining({ ok: true }), true]);
  return true;
}

/** The key is accepted now, and refused by the node itself from its end on, not before. */
async function expectEnds(): Promise<void> {
  expect(await node.isKeyAccepted()).toBe(true);
  let end = secondsFromNow(4);
  // On a busy machine the end may have passed before the key is tried.
  for (let seconds = 4; !(await isAcceptedUntil(end)); seconds *= 2) end = secondsFromNow(seconds);
  await expect.poll(() => node.isKeyAccepted(), WAIT).toBe(false);
  expect(Date.now()).toBeGreaterThanOrEqual(end.getTime());
  // Over, and still as it was created: nothing to repair.
  expect((await node.drift()).access).toEqual([]);
}

describe('the end of access', () => {
  it('is kept by the node itself, and can be given anew after it has passed', async () => {
    await expectEnds();
    node.setEnd(secondsFromNow(3_600));
    expect(await node.create()).toMatchObject({ changed: true });
    expect(await node.isKeyAccepted()).toBe(true);
    expect(await node.create()).toMatchObject({ changed: false });
    expect(await node.byHand(`cat ${key}`)).toMatch(/^restrict,pty,expiry-time="\d{14}Z" ssh-ed25519 /);
  });

  it('is drift when somebody moves it or takes it away, and is put right', async () => {
    const sound = await node.byHand(`cat ${key}`);
    for (const change of [`s/"[0-9]*Z"/"20990101000000Z"/`, 's/,expiry-time="[0-9Z]*"//']) {
      await node.byHand(`sed -i '${change}' ${key}`);
      expect((await node.drift()).access).toEqual([`the key file of ${owner.account} was changed`]);
      await node.create();
      expect(await node.byHand(`cat ${key}`)).toBe(sound);
    }
  });

  it('that has passed by the clock of the node is refused by name, and the account is left as it was', async () => {
    const before = await node.byHand(`cat ${key}`);
    node.setEnd(secondsFromNow(-60));
    const refused = await node.tryCreate();
    expect(refused).toMatchObject({ ok: false, reason: 'ClockWrong' });
    expect(await node.byHand(`cat ${key}`)).toBe(before);
    node.setEnd(secondsFromNow(3_600));
  });
});

describe('an sshd that is older than 9.1, which knows no UTC', () => {
  // Only the version is faked: every version of sshd treats a time without a zone in the same way.
  beforeAll(() =>
    node.byHand(`mv /usr/sbin/sshd /usr/sbin/sshd.real
      printf '%s\\n' '#!/bin/bash' '[ "$1" != -V ] || { echo "OpenSSH_8.9p1 Ubuntu-3, OpenSSL 3.0.2"; exit 1; }' \
        'exec -a /usr/sbin/sshd /usr/sbin/sshd.real "$@"' > /usr/sbin/sshd
      chmod 755 /usr/sbin/sshd`),
  );

  // It is always, or nearly always, summer in one of the two.
  it.each(['America/New_York', 'Australia/Sydney'])(
    'is given the end in its own time zone: %s',
    async (zone) => {
      await node.byHand(`ln -sf /usr/share/zoneinfo/${zone} /etc/localtime`);
      node.setEnd(secondsFromNow(3_600));
      await node.create();
      expect(await node.byHand(`cat ${key}`)).toMatch(/^restrict,pty,expiry-time="\d{14}" ssh-ed25519 /);
      await expectEnds();
      await node.byHand(`sed -i 's/,expiry-time="[0-9]*"//' ${key}`);
      expect((await node.drift()).access).toEqual([`the key file of ${owner.account} was changed`]);
    },
  );
});
