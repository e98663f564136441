import { caPathOf } from './proxy.ts';
import { openStateWorkers, type Reloaded, reloadLab } from './reload.ts';
import { type Environment, LabError, type LabSettings } from './settings.ts';
import type { Supervised } from './supervisor.ts';
import type { LabTokens } from './tokens.ts';
import type { Worker } from './worker.ts';

/** A running lab. */
export interface Lab {
  settings: LabSettings;
  url: string;
  caPath: string;
  tokens: LabTokens | null;
  databaseUrl: string;
  /** As of the start or the last reload. */
  workers: ReadonlyMap<string, Worker>;
  /** The daemon's current process; null while it restarts. */
  daemonPid(name: string): number | null;
  stopWorker(name: string): Promise<void>;
  startWorker(name: string): Promise<void>;
  freezeWorker(name: string): Promise<void>;
  thawWorker(name: string): Promise<void>;
  /** What `orion lab reload` does: machines for a changed inventory, then SIGHUP. */
  reload(): Promise<Reloaded>;
  /** Ends everything that it started, in order. May be called again. */
  stop(): Promise<void>;
}

export function describeLab(
  settings: LabSettings,
  parts: Pick<Lab, 'tokens' | 'databaseUrl' | 'stop'> & {
    workers: Map<string, Worker>;
    running: Map<string, Supervised>;
    env: Environment;
  },
): Lab {
  const { running, env, ...own } = parts;
  const pick = (name: string) => {
    const worker = own.workers.get(name);
    if (worker === undefined) throw new LabError(`There is no worker ${name} in this lab.`);
    return worker;
  };
  return {
    settings,
    ...own,
    url: `https://localhost:${settings.httpsPort}`,
    caPath: caPathOf(settings.home),
    daemonPid: (name) => running.get(name)?.pid() ?? null,
    stopWorker: async (name) => pick(name).stop(),
    startWorker: async (name) => pick(name).start(),
    freezeWorker: async (name) => pick(name).freeze(),
    thawWorker: async (name) => pick(name).thaw(),
    reload: async () => {
      const reloaded = await reloadLab(settings.home, env);
      for (const [name, worker] of await openStateWorkers(settings.home)) own.workers.set(name, worker);
      return reloaded;
    },
  };
}
