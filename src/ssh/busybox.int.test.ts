import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDrift } from '../core/drift.ts';
import type { NodeTarget, PlaybookRequest, PlaybookRunner, Prober } from '../core/ports.ts';
import { ensureKeyPair, startWorker, type Worker, writeControlKey } from '../lab/worker.ts';
import { createPlaybookRunner } from '../playbook/runner.ts';
import { digestKeyFile } from '../reconcile/observe-drift.ts';
import { createAccessQuery } from './access-query.ts';
import { SILENT } from './node.fixture.ts';
import { createProber } from './prober.ts';

// A worker on which BusyBox has taken the place of the shell, awk, coreutils and account tools, as on Alpine. Its
// C library and its Python stay Debian's.

/** Debian's BusyBox lacks the account tools, so one with them has to be named or be on the PATH. */
const busybox = process.env.ORION_TEST_BUSYBOX ?? '/bin/busybox';
const TOOLS = ['adduser', 'deluser', 'addgroup', 'delgroup', 'passwd', 'chpasswd'];
const SHADOW = ['useradd', 'usermod', 'userdel', 'groupadd', 'groupmod', 'groupdel', 'gpasswd', 'chage'];
const PLAIN = ['awk', 'stat', 'sha256sum', 'head', 'cut', 'mount', 'umount'];
function hasTools(): boolean {
  try {
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
    return [...TOOLS, ...PLAIN, 'sh'].every((tool) => applets.includes(tool));
  } catch {
    return false;
  }
}

describe.skipIf(!hasTools())(
  'a node with BusyBox (skipped without one that has adduser: ORION_TEST_BUSYBOX)',
  () => {
    const { signal } = new AbortController();
    const owner = { account: 'rbusybox1', uid: 20_001 };
    let home: string;
    let worker: Worker;
    let target: NodeTarget;
    let publicKey: string;
    let prober: Prober;
    let runner: PlaybookRunner;
    let fence = 0;

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), 'orion-busybox-'));
      const authorizedKey = await writeControlKey(home);
      publicKey = await ensureKeyPair(join(home, 'keys', 'tenant'), 'tenant');
      const port = 28_720 + Math.floor(Math.random() * 60);
      worker = await startWorker({ home, name: 'w', host: '127.0.0.1', port, authorizedKey });
      const privateKeyPath = join(home, 'keys', 'control_ed25519');
      target = { name: 'w', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey: worker.hostKey };
      prober = createProber({ logger: SILENT, keepaliveMs: 0 });
      runner = await createPlaybookRunner({ runDir: join(home, 'run'), logger: SILENT, warm: true });
      const input = readFileSync(busybox).toString('base64');
      await worker.exec(['sh', '-c', 'base64 -d > /usr/sbin/busybox; chmod 755 /usr/sbin/busybox'], {
        input,
      });
      await byHand(`
      for tool in ${[...SHADOW, ...TOOLS].join(' ')}; do rm -f /usr/sbin/$tool /usr/bin/$tool; done
      for tool in ${[...TOOLS, ...PLAIN].join(' ')}; do ln -sf busybox /usr/sbin/$tool; done
      ln -s /usr/sbin/busybox /usr/local/bin/sh
      sed -i '/^root:/s|/bin/bash|/usr/local/bin/sh|' /etc/passwd; rm /bin/bash`);
      await run({ playbook: 'prepare_node', fence: ++fence });
      await create();
    });
    afterAll(async () => {
      await runner?.close();
      await prober?.close();
      await worker?.stop();
      await rm(home, { recursive: true, force: true });
    });

    async function run(request: PlaybookRequest) {
      const result = await runner.run(target, request, { timeoutMs: 60_000, signal });
      if (!result.ok) throw new Error(`${request.playbook}: ${result.reason}: ${result.message}`);
      return result;
    }
    const create = () => run({ playbook: 'create_user', fence: ++fence, ...owner, publicKey });
    async function byHand(script: string): Promise<string> {
      const { exitCode, stdout, stderr } = await worker.exec(['/bin/sh', '-ec', script]);
      if (exitCode !== 0) throw new Error(`${script}: ${stdout}${stderr}`);
      return stdout.trim();
    }
    async function drift() {
      const result = await prober.probe(target, { depth: 'fresh', timeoutMs: 20_000, signal });
      if (!result.ok || !result.inspection || 'unreadable' in result.inspection) {
        throw new Error(JSON.stringify(result));
      }
      return findDrift(result.inspection, { ...owner, keyFileSha256: digestKeyFile(publicKey) }, []);
    }

    it('is inspected, and has nothing of Debian in the way', async () => {
      expect(await byHand('command -v useradd usermod userdel groupadd bash || true')).toBe('');
      const path = 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin';
      const used = await byHand(
        `${path}; for t in sh ${PLAIN.join(' ')}; do readlink -f $(command -v $t); done`,
      );
      expect(new Set(used.split('\n'))).toEqual(new Set(['/usr/sbin/busybox']));
      expect(await drift()).toEqual({ access: [], way: [], strays: [] });
    });

    const { account } = owner;
    it.each([
      ['shell', `sed -i '/^${account}:/s|[^:]*$|/bin/false|' /etc/passwd`, /has shell/],
      ['more groups', `addgroup ${account} adm`, /other groups/],
      ['locked', `passwd -l ${account}`, /is locked/],
      ['a password', `echo ${account}:x | chpasswd`, /has a password/],
      ['account removed', `deluser ${account}`, /account .* is missing/],
      ['key file removed', `rm /etc/ssh/orion/${account}`, /key file .* is missing/],
    ])('has a changed account put right: %s', async (_name, script, text) => {
      await byHand(script);
      expect((await drift()).access.join('\n')).toMatch(text);
      expect(await create()).toMatchObject({ changed: true });
      expect(await drift()).toEqual({ access: [], way: [], strays: [] });
      expect(await create()).toMatchObject({ changed: false });
      const options = { timeoutMs: 10_000, signal };
      const query = createAccessQuery({ logger: SILENT });
      expect(await query.isKeyAccepted(target, account, publicKey, options)).toEqual({ kind: 'accepted' });
    });

    it('loses strays, and then its client, and is clean', async () => {
      await byHand('adduser -D -u 31234 stranger; touch /tmp/theirs; chown stranger /tmp/theirs');
      expect((await drift()).strays).toEqual(['the account stranger with uid 31234']);
      const { removed, findings } = await run({ playbook: 'remove_strays', fence: ++fence, keep: owner });
      expect({ removed, findings }).toEqual({
        removed: ['the account stranger with uid 31234'],
        findings: [],
      });
      expect(await drift()).toEqual({ access: [], way: [], strays: [] });
      await run({ playbook: 'delete_user', fence: ++fence, ...owner });
      expect((await run({ playbook: 'verify_clean', fence: ++fence })).findings).toEqual([]);
    });
  },
);
