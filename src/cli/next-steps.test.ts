import { describe, expect, it } from 'vitest';
import type { Condition } from '../core/model/condition.ts';
import { aNode, KEY, NOW } from '../core/rows.fixture.ts';
import type { NodeView } from '../core/view/node-view.ts';
import { viewNode } from '../core/view/node-view.ts';
import { runOrion, startFakeApi } from './fake-api.fixture.ts';
import { formatNextSteps } from './next-steps.ts';

const condition = (type: string, reason: Condition['reason'], status: Condition['status'] = 'False') => ({
  type,
  status,
  reason,
  message: 'what came back',
  lastTransitionTime: NOW.toISOString(),
});

function view(
  conditions: Condition[],
  status: Partial<NodeView['status']> = {},
  pinnedHostKey: string | null = null,
): NodeView {
  const node = viewNode(aNode('w3', { record: { conditions }, spec: { pinnedHostKey } }), null);
  return { ...node, status: { ...node.status, ...status } };
}
const inTwentySeconds = { nextAttemptAt: new Date(NOW.getTime() + 20_000).toISOString() };
const retryOf = (node: NodeView) => {
  const [, row = ''] = formatNextSteps(node, NOW).split('\n');
  return row.split(/ {3,}/)[1] ?? null;
};

describe('what becomes of a failure of a node', () => {
  it.each([
    ['work waits for its pause', view([condition('Clean', 'DiskFull')], inTwentySeconds), 'retried in 20s'],
    ['work is under way', view([condition('Clean', 'DiskFull')]), 'retried now'],
    [
      'a node that is silent has to answer first',
      view([condition('Clean', 'DiskFull'), condition('Reachable', 'Alive', 'Unknown')], inTwentySeconds),
      'retried when it answers',
    ],
    ['a probe that failed', view([condition('Reachable', 'DialTimeout')]), 'retried by the next probe'],
    [
      'a changed host key',
      view([condition('Reachable', 'HostKeyChanged')], { offeredFingerprint: 'SHA256:abc' }),
      'waits for `orion trust w3 SHA256:abc`',
    ],
    [
      'a key that is not the pinned one',
      view([condition('Reachable', 'HostKeyChanged')], { offeredFingerprint: 'SHA256:abc' }, KEY),
      'waits for another `hostKey` in the inventory',
    ],
    ['a wrong machine', view([condition('Reachable', 'HostKeyOfOtherNode')]), 'waits for a person'],
    [
      'quarantine',
      view([condition('Clean', 'Quarantined'), condition('Schedulable', 'Quarantined')], inTwentySeconds),
      'retried in 20s, or at once with `orion clean w3`',
    ],
  ])('%s', (_name, node, expected) => {
    expect(retryOf(node)).toBe(expected);
  });

  it('is not spoken of when nothing failed', () => {
    expect(formatNextSteps(view([condition('Provisioned', 'NotProvisioned')]), NOW)).toBe('');
  });
});

it('describe node shows it below the conditions', async () => {
  const node = view([condition('Clean', 'NoPython')], { nextAttemptAt: '2026-01-01T12:00:30Z' });
  const api = await startFakeApi(({ line }) =>
    line.includes('/api/events') ? { body: { items: [], nextCursor: null } } : { body: node },
  );
  try {
    const ran = await runOrion(['describe', 'node', 'w3'], { ORION_URL: api.url, ORION_TOKEN: 't' });
    expect(ran.out).toContain(
      'Next:\n  REASON     TRIED AGAIN      WHAT TO DO\n  NoPython   retried in 30s   Install python3 as',
    );
  } finally {
    await api.close();
  }
});
