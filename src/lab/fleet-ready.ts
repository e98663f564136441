import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeView } from '../core/view/node-view.ts';
import { socketOf } from './daemon.ts';

/** A worker that can't be prepared must not keep the lab from being used. */
const DEADLINE_MS = 180_000;
/** States that a new or returned node passes through before it can be lent. */
const ON_THE_WAY = ['unknown', 'cleaning'];

/**
 * Waits until every node has been judged and, if it was new, prepared and verified, so that the first command that a
 * newcomer copies finds a machine. Returns how many nodes are free or lent.
 */
export async function waitForFleet(
  home: string,
  daemon: string,
  token: string,
  signal: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    signal.throwIfAborted();
    const nodes = await listNodes(home, daemon, token).catch(() => []);
    const states = nodes.map(({ status }) => status.state);
    const isComing = states.length === 0 || states.some((state) => ON_THE_WAY.includes(state));
    if (!isComing || performance.now() > deadline) {
      return states.filter((state) => state === 'free' || state === 'allocated').length;
    }
    await sleep(200, undefined, { signal });
  }
}

export function listNodes(home: string, daemon: string, token: string): Promise<NodeView[]> {
  return new Promise((resolve, reject) => {
    const socketPath = socketOf(home, daemon);
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(
      { socketPath, path: '/api/nodes?limit=500', headers, timeout: 5_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => {
          const { items = [] } = JSON.parse(text) as { items?: NodeView[] };
          resolve(items);
        });
      },
    );
    sent.once('error', reject).once('timeout', () => sent.destroy(new Error('no answer')));
    sent.end();
  });
}
