import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CONFFILE,
  NOT_AS_PACKAGED,
  OF_TENANTS,
  REMOVE_TENANTS,
  REMOVE_UPGRADE,
  SHIPPED,
  UPGRADE,
} from './accept.fixture.ts';
import { type PreparedNode, prepareNode } from './prepared-node.fixture.ts';
import { DEFAULT_ANSIBLE_DIR } from './runner.ts';

let node: PreparedNode;
beforeAll(async () => {
  node = await prepareNode(25_200 + Math.floor(Math.random() * 500));
});
afterAll(() => node?.close());

async function verify(accept: string[] = []) {
  const result = await node.run({ playbook: 'verify_clean', fence: ++node.fence, accept });
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result;
}
const idOf = (kind: string, entry: string) =>
  createHash('sha256').update(`${kind}\0${entry}`).digest('hex').slice(0, 32);

const MODULE = readFileSync(join(DEFAULT_ANSIBLE_DIR, 'module_utils/orion_packages.py'), 'utf8');
/** What the module takes for packaged, without walking the disks. */
const packaged = () =>
  node.inside(`python3 -B - <<'END'
${MODULE}
print(*sorted(as_packaged(["${CONFFILE}", "${SHIPPED}"])))
END`);

describe('what a package brought', () => {
  test('is no finding while it is as it was packaged; a setuid file is one in any case', async () => {
    await node.inside(UPGRADE);
    expect(await node.findings()).toEqual([]);
    await node.inside(`chmod u+s ${SHIPPED}; echo >>${CONFFILE}`);
    expect(await node.findings()).toEqual([
      expect.stringMatching(/^schedules: new or changed: \/etc\/cron.d\/upgraded sha256:\S+$/),
      expect.stringMatching(
        /^schedules: new or changed: \/etc\/profile.d\/upgraded.sh sha256:\S+ mode=4644 owner=0:0$/,
      ),
      'setuid: new or changed: /etc/profile.d/upgraded.sh 4644 0:0',
    ]);
  });

  test('counts as such only where nobody but root could have written it or what says so', async () => {
    await node.inside(UPGRADE);
    expect(await packaged()).toBe(`${CONFFILE} ${SHIPPED}`);
    await node.inside(`chmod 600 ${CONFFILE}; echo 'root root 600 ${CONFFILE}' >/var/lib/dpkg/statoverride`);
    expect(await packaged()).toBe(`${CONFFILE} ${SHIPPED}`);
    const missed: string[] = [];
    for (const [name, change, undo] of NOT_AS_PACKAGED) {
      await node.inside(`: >/var/lib/dpkg/statoverride; ${UPGRADE}; ${change}`);
      const told = await packaged();
      if (told !== '') missed.push(`${name}: ${told}`);
      if (undo) await node.inside(undo);
    }
    expect(missed).toEqual([]);
    await node.inside(`: >/var/lib/dpkg/statoverride; ${REMOVE_UPGRADE}`);
  });

  test('counts as changed with its mode or owner, also where its content is of the baseline', async () => {
    const files = ['mode', 'owner', 'group'].map((name) => `/etc/profile.d/${name}.sh`);
    await node.inside(`for f in ${files.join(' ')}; do echo true >$f; done`);
    await node.run({ playbook: 'prepare_node', fence: ++node.fence });
    await node.inside(`cd /etc/profile.d; chmod 666 mode.sh; chown daemon owner.sh; chmod g+w group.sh`);
    const found = await node.findings();
    expect(found.map((text) => text.replace(/.*profile.d.(\S+) sha256:\S+/, '$1'))).toEqual([
      'group.sh mode=664 owner=0:0',
      'mode.sh mode=666 owner=0:0',
      'owner.sh mode=644 owner=1:0',
    ]);
    await node.inside(`rm ${files.join(' ')}`);
  });
});

describe('what a person accepts', () => {
  test('becomes normal as it was shown, and nothing that came in between or in its place', async () => {
    await node.inside(
      'echo one >/etc/cron.d/wanted; cp /bin/true /usr/local/bin/up; chmod u+s /usr/local/bin/up',
    );
    const { differences } = await verify();
    expect(differences).toMatchObject({ more: 0, others: 0 });
    expect(differences?.items.map(({ kind, text }) => [kind, text.split(' ')[0]])).toEqual([
      ['setuid', '/usr/local/bin/up'],
      ['schedules', '/etc/cron.d/wanted'],
    ]);
    const ids = differences?.items.map(({ id }) => id) ?? [];

    await node.inside('echo two >/etc/cron.d/planted; echo three >>/etc/cron.d/wanted');
    const swapped = await verify(ids);
    expect(swapped).toMatchObject({
      changed: true,
      accepted: [expect.stringContaining('/usr/local/bin/up 4755')],
    });
    expect(swapped.findings.map((text) => text.split(' ')[4])).toEqual([
      '/etc/cron.d/planted',
      '/etc/cron.d/wanted',
    ]);

    await node.inside('echo one >/etc/cron.d/wanted');
    // The answer to an order may get lost, and then the order is given again.
    for (const _ of ['first', 'again']) {
      const accepted = await verify(ids);
      expect(accepted.accepted).toHaveLength(2);
      expect(accepted.findings.join()).toMatch(
        /^schedules: new or changed: \/etc\/cron.d\/planted sha256:\S+$/,
      );
    }
    expect(await node.inside('cat /var/lib/orion/findings')).toContain('/etc/cron.d/planted');
    await node.inside('rm /etc/cron.d/planted; chmod 6755 /usr/local/bin/up');
    expect((await node.findings()).join()).toMatch(
      /^setuid: new or changed: \/usr\/local\/bin\/up 6755 0:0$/,
    );
    await node.inside('rm /etc/cron.d/wanted /usr/local/bin/up');
  });

  test('is never what is a tenant\u2019s, what can not be shown as it is, or more than is shown', async () => {
    await node.inside(OF_TENANTS);
    const found = await verify();
    expect(found.differences).toBeUndefined();
    const named = found.findings.flatMap((text) => {
      const [, kind, entry] = /^(\w+): new or changed: (.*)$/.exec(text) ?? [];
      return kind && entry ? [idOf(kind, entry)] : [];
    });
    expect(named.length).toBeGreaterThan(4);
    expect(await verify(named)).toMatchObject({ findings: found.findings, accepted: [], changed: false });
    await node.inside(REMOVE_TENANTS);

    await node.inside(
      `cd /etc/cron.d; printf x >"$(printf 'a\\033[2K')"; printf x >${'l'.repeat(200)}; for i in $(seq 30); do echo $i >f$i; done`,
    );
    const many = (await verify()).differences;
    expect(many?.items).toHaveLength(20);
    expect(many).toMatchObject({ more: 10, others: 2 });
    await node.inside('rm /etc/cron.d/a* /etc/cron.d/l* /etc/cron.d/f*');
    expect(await node.findings()).toEqual([]);
    expect(await node.inside('ls /var/lib/orion/findings')).toContain('No such file');
    for (const accept of [['x'], [`${'0'.repeat(32)}\n`]])
      expect(await node.run({ playbook: 'verify_clean', fence: node.fence, accept })).toMatchObject({
        ok: false,
      });
  });
});
