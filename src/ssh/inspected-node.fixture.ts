import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProbeResult } from '../core/model/probe.ts';
import { findDrift } from '../core/node/drift.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest, PlaybookResult } from '../core/ports/playbooks.ts';
import { ensureKeyPair, startWorker, writeControlKey } from '../lab/worker.ts';
import { createPlaybookRunner } from '../playbook/runner.ts';
import { SILENT } from '../project/silent.fixture.ts';
import { digestKeyFile } from '../reconcile/observe-drift.ts';
import { createAccessQuery } from './access-query.ts';
import { createProber } from './prober.ts';

// What the inspection calls drift, the modules must put right, or the reconciler would repair forever. Here both
// run on one real node, without the daemon.

export type InspectedNode = Awaited<ReturnType<typeof openInspectedNode>>;

/** A worker that is not prepared yet. Its port is one of the 20 from `ports` on. */
export async function openInspectedNode(owner: { account: string; uid: number }, ports: number) {
  const { signal } = new AbortController();
  const home = await mkdtemp(join(tmpdir(), 'orion-drift-'));
  const authorizedKey = await writeControlKey(home);
  const publicKey = await ensureKeyPair(join(home, 'keys', 'tenant'), 'tenant');
  const port = ports + Math.floor(Math.random() * 20);
  const worker = await startWorker({ home, name: 'w', host: '127.0.0.1', port, authorizedKey });
  const privateKeyPath = join(home, 'keys', 'control_ed25519');
  const { hostKey } = worker;
  const target: NodeTarget = { name: 'w', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey };
  const prober = createProber({ logger: SILENT, keepaliveMs: 0 });
  const runner = await createPlaybookRunner({ runDir: join(home, 'run'), logger: SILENT, warm: true });
  let fence = 0;
  const access = { publicKey, expiresAt: secondsFromNow(3_600) };

  const probe = (timeoutMs: number): Promise<ProbeResult> =>
    prober.probe(target, { depth: 'fresh', timeoutMs, signal });
  const tryRun = (request: PlaybookRequest): Promise<PlaybookResult> =>
    runner.run(target, request, { timeoutMs: 60_000, signal });
  async function run(request: PlaybookRequest): Promise<PlaybookResult & { ok: true }> {
    const result = await tryRun(request);
    if (!result.ok) throw new Error(`${request.playbook}: ${result.reason}: ${result.message}`);
    return result;
  }
  async function look() {
    const result = await probe(20_000);
    if (result.ok && result.inspection && !('unreadable' in result.inspection)) return result.inspection;
    throw new Error(JSON.stringify(result));
  }

  return {
    worker,
    probe,
    tryRun,
    look,
    lastFence: () => fence,
    /** The end of access that `create` sets and `drift` expects from now on. */
    setEnd(expiresAt: Date) {
      access.expiresAt = expiresAt;
    },
    prepare: (keepBaseline: boolean) => run({ playbook: 'prepare_node', fence: ++fence, keepBaseline }),
    create: () => run({ playbook: 'create_user', fence: ++fence, ...owner, ...access }),
    tryCreate: () => tryRun({ playbook: 'create_user', fence: ++fence, ...owner, ...access }),
    remove: () => run({ playbook: 'delete_user', fence: ++fence, ...owner }),
    removeStrays: () => run({ playbook: 'remove_strays', fence: ++fence, keep: owner }),
    verify: async () => (await run({ playbook: 'verify_clean', fence: ++fence })).findings,
    drift: async () =>
      findDrift(await look(), { ...owner, keyFileSha256: digestKeyFile(publicKey, access.expiresAt) }, []),
    async isKeyAccepted(): Promise<boolean> {
      const query = createAccessQuery({ logger: SILENT });
      const options = { timeoutMs: 60_000, signal };
      return (await query.isKeyAccepted(target, owner.account, publicKey, options)).kind === 'accepted';
    },
    async byHand(script: string): Promise<string> {
      const { exitCode, stdout, stderr } = await worker.exec(['/bin/sh', '-ec', script]);
      if (exitCode !== 0) throw new Error(`${script}: ${stdout}${stderr}`);
      return stdout.trim();
    },
    async close(): Promise<void> {
      await runner.close();
      await prober.close();
      await worker.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A whole second: the precision of a key's end. */
export function secondsFromNow(seconds: number): Date {
  return new Date((Math.ceil(Date.now() / 1_000) + seconds) * 1_000);
}
