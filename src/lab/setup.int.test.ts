import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const setup = join(import.meta.dirname, 'setup.mjs');
const installer = join(import.meta.dirname, 'setup-debian.sh');
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'orion-setup-'));
});
afterEach(() => rmSync(home, { recursive: true }));

// Tried again, since the machine may be busy with something else for that second.
test('when everything is there it takes less than a second and says nothing', { retry: 3 }, async () => {
  const startedAt = performance.now();
  const result = await execa(process.execPath, [setup, 'setup'], { env: { ORION_HOME: home } });
  expect(result.stdout).toBe('');
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(readdirSync(home)).toEqual([]);
});

test('without root it says in one sentence what is missing, and changes nothing', async () => {
  // Node itself may be where only root can read, so only the user id is faked.
  const script = `process.getuid = () => 1000; process.argv.splice(1, 1, ${JSON.stringify(setup)}); await import(${JSON.stringify(setup)})`;
  const result = await execa(process.execPath, ['--input-type=module', '-e', script, '-', 'start'], {
    env: { ORION_HOME: home },
    reject: false,
  });
  expect(result.stderr).toMatch(/^The lab needs root, .* use Docker: README.md/);
  expect(result.exitCode).toBe(1);
  expect(readdirSync(home)).toEqual([]);
});

/** Runs the installer in a mount namespace over copies of /etc and /usr/sbin, with the test's own apt-get. */
async function install(options: { aptGet: string; policy: string; times: number }): Promise<string> {
  const aptGet = join(home, 'apt-get');
  writeFileSync(aptGet, `#!/bin/bash\n[ "\${*: -1}" = update ] && exit\n${options.aptGet}\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(home, 'run.sh'),
    `mount -t tmpfs tmpfs /mnt
     for path in etc usr/sbin; do
       mkdir -p /mnt/$path/upper /mnt/$path/work
       mount -t overlay overlay -o lowerdir=/$path,upperdir=/mnt/$path/upper,workdir=/mnt/$path/work /$path
     done
     mkdir /mnt/bin /mnt/folder; cp ${aptGet} /mnt/bin; printf '#!/bin/sh\\n' >/mnt/bin/dpkg; chmod 755 /mnt/bin/dpkg
     export PATH=/mnt/bin:$PATH
     rm -f /usr/sbin/policy-rc.d; ${options.policy}
     for run in $(seq ${options.times}); do bash ${installer} /mnt/folder package; done
     echo "units: $(find /etc/systemd/system -name 'orion-test*')"
     echo "policy: $(cat /usr/sbin/policy-rc.d 2>/dev/null)"
     echo "left: $(ls /mnt/folder; ls /usr/sbin | grep orion)"`,
  );
  return (await execa('unshare', ['--mount', 'bash', join(home, 'run.sh')], { all: true, reject: false }))
    .all;
}

const ENABLE = `mkdir -p /etc/systemd/system/multi-user.target.wants
  ln -sf /lib/systemd/system/orion-test.service /etc/systemd/system/multi-user.target.wants/orion-test.service
  /usr/sbin/policy-rc.d orion-test start; echo "policy says $?"`;
const OWN_POLICY = 'echo "# of this machine" >/usr/sbin/policy-rc.d';
const AS_BEFORE = 'units: \npolicy: # of this machine\nleft: ';

test('an installation starts nothing, and what it enabled is disabled again', async () => {
  const output = await install({ aptGet: ENABLE, policy: OWN_POLICY, times: 1 });
  expect(output).toContain('policy says 101');
  expect(output).toContain('Disabled orion-test.service');
  expect(output).toContain(AS_BEFORE);
  expect(await install({ aptGet: ENABLE, policy: '', times: 1 })).toContain('units: \npolicy: \nleft: ');
});

test('one that fails leaves the machine as it was too', async () => {
  expect(await install({ aptGet: `${ENABLE}\nexit 100`, policy: OWN_POLICY, times: 1 })).toContain(AS_BEFORE);
});

test('what a killed one left is put right by the next', async () => {
  const once = `${ENABLE}\n[ -e /mnt/again ] || { touch /mnt/again; kill -9 $PPID; }`;
  expect(await install({ aptGet: once, policy: OWN_POLICY, times: 1 })).toContain('orion-test.service');
  expect(await install({ aptGet: once, policy: OWN_POLICY, times: 2 })).toContain(AS_BEFORE);
});
