import { expect, test } from 'vitest';
import { nodeOf } from './dashboard.fixture.ts';
import { nodeActionsOf } from './node-actions.ts';

const kinds = (node: ReturnType<typeof nodeOf>) => nodeActionsOf(node).map(({ kind }) => kind);

test('only what makes sense is offered', () => {
  expect(kinds(nodeOf('w1'))).toEqual(['cordon', 'drain']);
  expect(kinds(nodeOf('w1', { unschedulable: true }))).toEqual(['uncordon', 'drain']);
  expect(kinds(nodeOf('w1', { unschedulable: true, draining: true }))).toEqual(['uncordon']);
  expect(kinds(nodeOf('w1', { state: 'quarantined' }))).toEqual(['cordon', 'drain', 'clean']);
  const dead = nodeOf('w1', { state: 'dead', unschedulable: true });
  expect(kinds({ ...dead, spec: { ...dead.spec, retiring: true } })).toEqual(['forget']);
});

test('what keeps clients off a node asks why, and says whether somebody has to move', () => {
  const whys = nodeActionsOf(nodeOf('w1', { state: 'quarantined' })).filter(({ asksWhy }) => asksWhy);
  expect(whys.map(({ kind }) => kind)).toEqual(['cordon', 'drain']);
  const drain = (node: ReturnType<typeof nodeOf>) =>
    nodeActionsOf(node).find(({ kind }) => kind === 'drain')?.text;
  expect(drain(nodeOf('w1'))).not.toContain('moved');
  expect(drain(nodeOf('w1', { state: 'allocated', rental: 'r_1' }))).toContain('moved');
});

test('another host key is accepted by its fingerprint, unless the inventory pins one', () => {
  const node = nodeOf('w1', { state: 'dead' });
  const foreign = { ...node, status: { ...node.status, otherFleet: 'f_abc' } };
  expect(nodeActionsOf(foreign).find(({ kind }) => kind === 'adopt')?.text).toContain('f_abc');
  const status = { ...node.status, offeredFingerprint: 'SHA256:abc' };
  const trust = nodeActionsOf({ ...node, status }).find(({ kind }) => kind === 'trust');
  expect(trust?.text).toContain('SHA256:abc');
  expect(kinds({ ...node, status, spec: { ...node.spec, hostKey: 'ssh-ed25519 AAAA' } })).not.toContain(
    'trust',
  );
});
