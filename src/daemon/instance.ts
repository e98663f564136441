import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from './process-lock.ts';

/** Distinguishes this process from every other, even one with the same configured name. */
export interface Instance {
  /** The name under which it holds leadership. */
  holder: string;
  /** Where its Ansible runs: whatever is found there was left by a dead process. */
  runDir: string;
  /** True: a live process of the same name already runs here. */
  isSecond: boolean;
  release(): Promise<void>;
}

/**
 * Two processes may get the same name (the default is the host's) and must not count as one holder: each would
 * take leadership from the other forever. Hence a random part per process. It is stored where only the process
 * with the lock may use it, so that a daemon that was killed and restarted regains leadership without waiting.
 */
export async function claimInstance(home: string, name: string): Promise<Instance> {
  for (let place = 1; ; place++) {
    const runDir = join(home, 'run', `playbooks-${name}${place > 1 ? `.${place}` : ''}`);
    const release = await takeLock(`run ${runDir}`);
    if (release === null) continue;
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    return { holder: `${name}/${await claimHolderId(runDir)}`, runDir, isSecond: place > 1, release };
  }
}

/**
 * The dead predecessor's id, but only where the lock proves it dead: in the same network namespace of the same boot.
 * Otherwise a new one, kept for the successor.
 */
async function claimHolderId(runDir: string): Promise<string> {
  const path = join(runDir, 'holder');
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink('/proc/self/ns/net'),
  ]);
  const place = `${boot.trim()} ${namespace}`;
  const kept = /^([0-9a-f]{12}) (.*)\n$/.exec(await readFile(path, 'utf8').catch(() => ''));
  if (kept?.[1] && kept[2] === place) return kept[1];
  const id = randomBytes(6).toString('hex');
  await writeFile(path, `${id} ${place}\n`, { mode: 0o600 });
  return id;
}
