import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Drift, findDrift, isDrifted } from '../core/node/drift.ts';
import { type InspectedNode, openInspectedNode } from './inspected-node.fixture.ts';

const owner = { account: 'rdrift001', uid: 20_001 };
const NOTHING: Drift = { access: [], way: [], strays: [] };
let node: InspectedNode;

beforeAll(async () => {
  node = await openInspectedNode(owner, 28_700);
  await node.prepare(false);
  await node.create();
});
afterAll(() => node?.close());

const byHand = (script: string) => node.byHand(script);
const drift = () => node.drift();

describe('what somebody changes by hand is seen, and is as it was after a repair', () => {
  const { account, uid } = owner;
  const key = `/etc/ssh/orion/${account}`;
  const dropIn = '/etc/ssh/sshd_config.d/orion.conf';
  const CHANGES: [string, string, keyof Drift, RegExp][] = [
    ['key file removed', `rm ${key}`, 'access', /key file .* is missing/],
    ['key file changed', `echo "# x" >> ${key}`, 'access', /key file .* was changed/],
    ['key file not readable', `chmod 600 ${key}`, 'access', /has mode 600/],
    ['key file given away', `chown ${uid} ${key}`, 'access', /owner 20001/],
    ['key file a link', `mv ${key} /root/k; ln -s /root/k ${key}`, 'access', /was changed/],
    ['shell', `usermod -s /usr/sbin/nologin ${account}`, 'access', /has shell/],
    ['home', `usermod -d / ${account}`, 'access', /has home \//],
    ['group', `usermod -g daemon ${account}`, 'access', /has group/],
    ['more groups', `usermod -aG adm ${account}`, 'access', /other groups/],
    ['locked', `usermod -L ${account}`, 'access', /is locked/],
    ['expired', `usermod -e 1 ${account}`, 'access', /has expired/],
    ['a password', `echo ${account}:x | chpasswd`, 'access', /has a password/],
    ['a change of password forced', `chage -d 0 ${account}`, 'access', /has expired/],
    ['home removed', `rm -r /home/${account}`, 'access', /has no home/],
    ['account removed', `userdel ${account}`, 'access', /account .* is missing/],
    ['uid', `usermod -u 31000 ${account}`, 'access', /has uid 31000/],
    ['drop-in removed', `rm ${dropIn}`, 'way', /drop-in is missing/],
    ['drop-in changed', `sed -i s/publickey/any/ ${dropIn}`, 'way', /drop-in was changed/],
    ['drop-in writable', `chmod 666 ${dropIn}`, 'way', /drop-in can be changed/],
    ['drop-in a link', `mv ${dropIn} /root/d; ln -s /root/d ${dropIn}`, 'way', /drop-in was changed/],
    ['key directory opened', 'chmod 777 /etc/ssh/orion', 'way', /directory of the key files/],
    ['a stray account', 'useradd -m -u 31234 stranger', 'strays', /stranger with uid 31234/],
    ['one with a sick name', 'useradd --badname -M -u 31235 Bob.x', 'strays', /Bob\.x with uid 31235/],
    ['a stray key file', 'echo x > /etc/ssh/orion/rother001', 'strays', /key file rother001/],
    ['a key file with a wild name', "echo x > '/etc/ssh/orion/.a b'", 'strays', /key file \?/],
  ];
  it.each(CHANGES)('%s', async (_name, script, kind, text) => {
    await byHand(script);
    const found = await drift();
    const others = Object.values({ ...found, [kind]: [] }).flat();
    expect(others).toEqual([]);
    expect(found[kind].join('\n')).toMatch(text);
    const repairs = [
      ...(found.way.length > 0 ? [await node.prepare(true)] : []),
      ...(found.access.length > 0 ? [await node.create()] : []),
      ...(found.strays.length > 0 ? [await node.removeStrays()] : []),
    ];
    expect(repairs.map(({ changed }) => changed)).toEqual(repairs.map(() => true));
    expect(await drift()).toEqual(NOTHING);
    expect(await node.isKeyAccepted()).toBe(true);
  });

  it('and the same once more has nothing left to do', async () => {
    const again = [await node.prepare(true), await node.create(), await node.removeStrays()];
    expect(again.map(({ changed }) => changed)).toEqual([false, false, false]);
  });
});

describe('strays', () => {
  it('are removed with all they left, and reported; the client keeps everything', async () => {
    await byHand(`
      useradd -m -u 31240 stranger
      setsid -f setpriv --reuid 31240 --clear-groups sleep 3000 >/dev/null 2>&1
      setsid -f setpriv --reuid ${owner.uid} --clear-groups sleep 3000 >/dev/null 2>&1
      touch /var/tmp/theirs /home/${owner.account}/mine; chown 31240 /var/tmp/theirs
      touch /var/tmp/mine; chown ${owner.uid} /var/tmp/mine /home/${owner.account}/mine
      echo x > /etc/ssh/orion/stranger`);
    const { removed, findings } = await node.removeStrays();
    expect(removed).toEqual(['the account stranger with uid 31240']);
    expect(findings).toEqual([]);
    expect(
      await byHand('find / -xdev -uid 31240; pgrep -u 31240 || true; getent passwd stranger || true'),
    ).toBe('');
    expect(await byHand(`pgrep -c -u ${owner.uid}; ls /var/tmp /home/${owner.account}`)).toMatch(
      /^1\n.*mine.*mine/s,
    );
    await byHand(`pkill -u ${owner.uid}`);
  });

  it('that share the uid of the client are removed without the processes and files of the client', async () => {
    await byHand(`
      useradd -o -M -u ${owner.uid} -d /home/${owner.account} alias
      setsid -f setpriv --reuid ${owner.uid} --clear-groups sleep 3000 >/dev/null 2>&1`);
    expect((await node.removeStrays()).removed).toEqual([`the account alias with uid ${owner.uid}`]);
    expect(await byHand(`pgrep -c -u ${owner.uid}; ls /var/tmp /home/${owner.account}`)).toMatch(
      /^1\n.*mine.*mine/s,
    );
    expect(await drift()).toEqual(NOTHING);
    await byHand(`pkill -u ${owner.uid}; rm /var/tmp/mine /home/${owner.account}/mine`);
  });

  it('with two names go too, with their files', async () => {
    await byHand(
      'useradd -M -u 31250 one; useradd -o -M -u 31250 two; touch /var/tmp/f; chown 31250 /var/tmp/f',
    );
    expect((await node.removeStrays()).removed).toHaveLength(2);
    expect(await byHand('find / -xdev -uid 31250; getent passwd one two || true')).toBe('');
  });

  it('leave a directory of somebody else under their name alone', async () => {
    await byHand('mkdir /home/shared; touch /home/shared/data; useradd -M -u 31260 shared');
    expect((await node.removeStrays()).removed).toHaveLength(1);
    expect(await byHand('ls /home/shared; rm -r /home/shared')).toBe('data');
  });

  it('with a name that only a person can remove are told, and the others go', async () => {
    await byHand(`echo '-rf:*:31270:1::/:/bin/sh' >> /etc/passwd; useradd -M -u 31271 other`);
    const { removed, findings } = await node.removeStrays();
    expect(removed).toEqual(['the account other with uid 31271']);
    expect(findings).toEqual([expect.stringMatching(/the account -rf with uid 31270 could not be removed/)]);
    expect((await drift()).strays).toEqual(['the account -rf with uid 31270']);
    await byHand(`sed -i '/^-rf:/d' /etc/passwd`);
  });

  it('use up no uids: the next client gets the next one', async () => {
    expect(await byHand('cat /var/lib/orion/state.json')).toContain(`"uid_seen": ${owner.uid}`);
  });

  it('of more than can be listed are still seen, and nothing else is concluded', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `m${i}:*:${32_000 + i}:1::/:/bin/sh`).join('\n');
    await byHand(`cp /etc/passwd /root/p; printf '%s\\n' '${lines}' | cat - /root/p > /etc/passwd`);
    const found = await drift();
    expect(found.strays).toHaveLength(64);
    expect(found.access).toEqual([]);
    await byHand('mv /root/p /etc/passwd');
  });
});

it('a node that somebody changed is not made normal by a repair', async () => {
  await node.remove();
  await byHand(
    'rm /etc/ssh/sshd_config.d/orion.conf; cp /bin/true /usr/local/bin/t; chmod u+s /usr/local/bin/t',
  );
  expect(isDrifted(findDrift(await node.look(), null, []))).toBe(true);
  await node.prepare(true);
  expect(await node.verify()).toEqual([expect.stringMatching(/setuid: .*local\/bin\/t/)]);
  await byHand('rm /usr/local/bin/t');
  expect(await node.verify()).toEqual([]);
  expect(isDrifted(findDrift(await node.look(), null, []))).toBe(false);
});

it('a delayed order to remove strays is refused once the node has seen a newer one', async () => {
  const order = { playbook: 'remove_strays', fence: node.lastFence() - 1, keep: null } as const;
  expect(await node.tryRun(order)).toMatchObject({
    reason: 'FenceTooLow',
  });
});

describe('a node that answers the inspection with', () => {
  const unreadable = async () => {
    const result = await node.probe(3_000);
    expect(result).toMatchObject({ ok: true });
    return result.ok && result.inspection && 'unreadable' in result.inspection
      ? result.inspection.unreadable
      : null;
  };
  // Shadows the node's own tool, as on a node that lies or is broken.
  const lie = (tool: string, script: string) =>
    byHand(`printf '%s\\n' '#!/bin/sh' '${script}' > /usr/sbin/${tool}; chmod +x /usr/sbin/${tool}`);

  it.each([
    ['nonsense', 'sha256sum', 'echo nonsense', /answered ".*dropin:.*:nonsense/],
    ['text without end', 'sha256sum', 'exec yes', /no answer within|without end/],
    ['silence', 'sha256sum', 'exec sleep 60', /no answer within 3000 ms/],
    ['tables that can not be read', 'awk', 'exit 2', /answered "/],
  ])('%s is alive, and nothing is concluded', async (_what, tool, script, text) => {
    await lie(tool, script);
    try {
      expect(await unreadable()).toMatch(text);
    } finally {
      await byHand(`rm /usr/sbin/${tool}`);
    }
  });
});
