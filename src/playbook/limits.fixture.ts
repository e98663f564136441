import type { LimitsPolicy } from '../core/model/limits.ts';
import type { PreparedNode } from './prepared-node.fixture.ts';

export const LIMITS: LimitsPolicy = {
  processes: 64,
  memory: 96 * 2 ** 20,
  required: ['processes', 'memory'],
};

/** Creates an account that may take as much of the node as `limits` allow. */
export async function create(on: PreparedNode, account: string, limits: LimitsPolicy = LIMITS) {
  const [fence, uid] = [++on.fence, ++on.uid];
  return {
    uid,
    result: await on.run({ playbook: 'create_user', fence, account, uid, ...on.grant, limits }),
  };
}

/** Starts processes until no more start, 300 at most, and prints how many there are; they stay. */
export const BOMB = `python3 -c '
import os, signal
made = 0
try:
    while made < 300:
        if os.fork() == 0: signal.pause()
        made += 1
except BlockingIOError: pass
os.write(1, b"%d\\n" % made)
signal.pause()'`;
