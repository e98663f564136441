import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InspectedNode, openInspectedNode } from './inspected-node.fixture.ts';

// A worker on which BusyBox replaces the shell, awk, coreutils and account tools, as on Alpine. Its C library and
// its Python are still Debian's.

/** Debian's own lacks the account tools, so a build that has them must be named. */
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
    const owner = { account: 'rbusybox1', uid: 20_001 };
    let node: InspectedNode;

    beforeAll(async () => {
      node = await openInspectedNode(owner, 28_730);
      const input = readFileSync(busybox).toString('base64');
      const unpack = 'base64 -d > /usr/sbin/busybox; chmod 755 /usr/sbin/busybox';
      await node.worker.exec(['sh', '-c', unpack], { input });
      await node.byHand(`
      for tool in ${[...SHADOW, ...TOOLS].join(' ')}; do rm -f /usr/sbin/$tool /usr/bin/$tool; done
      for tool in ${[...TOOLS, ...PLAIN].join(' ')}; do ln -sf busybox /usr/sbin/$tool; done
      ln -s /usr/sbin/busybox /usr/local/bin/sh
      sed -i '/^root:/s|/bin/bash|/usr/local/bin/sh|' /etc/passwd; rm /bin/bash`);
      await node.prepare(false);
      await node.create();
    });
    afterAll(() => node?.close());

    it('is inspected, and has nothing of Debian in the way', async () => {
      expect(await node.byHand('command -v useradd usermod userdel groupadd bash || true')).toBe('');
      const path = 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin';
      const used = await node.byHand(
        `${path}; for t in sh ${PLAIN.join(' ')}; do readlink -f $(command -v $t); done`,
      );
      expect(new Set(used.split('\n'))).toEqual(new Set(['/usr/sbin/busybox']));
      expect(await node.drift()).toEqual({ access: [], way: [], strays: [] });
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
      await node.byHand(script);
      expect((await node.drift()).access.join('\n')).toMatch(text);
      expect(await node.create()).toMatchObject({ changed: true });
      expect(await node.drift()).toEqual({ access: [], way: [], strays: [] });
      expect(await node.create()).toMatchObject({ changed: false });
      expect(await node.isKeyAccepted()).toBe(true);
    });

    it('loses strays, and then its client, and is clean', async () => {
      await node.byHand('adduser -D -u 31234 stranger; touch /tmp/theirs; chown stranger /tmp/theirs');
      expect((await node.drift()).strays).toEqual(['the account stranger with uid 31234']);
      const { removed, findings } = await node.removeStrays();
      expect({ removed, findings }).toEqual({
        removed: ['the account stranger with uid 31234'],
        findings: [],
      });
      expect(await node.drift()).toEqual({ access: [], way: [], strays: [] });
      await node.remove();
      expect(await node.verify()).toEqual([]);
    });
  },
);
