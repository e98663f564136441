// The step outside the checkout: Debian packages, named before they are installed, without starting any service.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { CHECKOUT, HOME, runStep, say, withLock } from './setup-steps.mjs';

const PACKAGES = ['mariadb-server', 'ansible-core', 'openssh-server', 'caddy', 'iproute2'];

/** `more`: packages that only some commands need. */
export async function installDebianPackages(more = []) {
  const wanted = [...PACKAGES, ...more];
  if (listMissing(wanted).length === 0) return;
  await withLock('debian packages', async () => {
    const missing = listMissing(wanted);
    if (missing.length === 0) return;
    say(
      `Installing the Debian packages ${missing.join(', ')} with apt-get; none of their services is started`,
    );
    await runStep(
      { id: 'debian', name: `Installing the Debian packages ${missing.join(', ')}` },
      'bash',
      [join(CHECKOUT, 'src', 'lab', 'setup-debian.sh'), join(HOME, 'logs'), ...missing],
      {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
        progress: pickProgress,
      },
    );
  });
}

function listMissing(wanted) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query has placeholders of its own
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...wanted], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  const installed = new Set(asked.stdout.split('\n').filter((line) => line.endsWith(' installed')));
  return wanted.filter((name) => !installed.has(`${name} installed`));
}

function pickProgress(line) {
  if (/^(Setting up|Disabled|W: |E: )/.test(line)) return line.replace(/ \.\.\.$/, '');
  return /^Need to get/.test(line) ? line : null;
}
