import type { Inspection } from '../core/model/inspection.ts';
import { escapeText } from '../core/text/escape-text.ts';
import { MAX_OUTPUT, startCommand } from './command.ts';
import { waitFor } from './deadline.ts';
import type { Connection } from './dial.ts';
import { Nonsense, toText } from './failure.ts';
import { LAST_LINE, parseInspection } from './parse-inspection.ts';

const MAX_MESSAGE = 200;

/**
 * Checks the account files of a node over a logged-in connection. Cheap on both sides: one fixed POSIX shell
 * script, which only reads. It goes to the shell's input, so nothing in it needs quoting, and it contains nothing
 * of any client. Never rejects: a node that can't be inspected is not a dead node.
 */
export async function inspect(
  connection: Connection,
  user: string,
  signal: AbortSignal,
): Promise<Inspection | { unreadable: string }> {
  let output = '';
  try {
    const shell = user === 'root' ? 'sh -s' : 'sudo -n sh -s';
    const channel = await startCommand(connection, shell, [signal]);
    await waitFor<void>([connection.ended, signal], (resolve, reject) => {
      channel.on('data', (data: Buffer) => {
        output += data.toString('latin1');
        if (output.endsWith(`\n${LAST_LINE}\n`)) resolve();
        else if (output.length > MAX_OUTPUT) reject(new Nonsense('the inspection answers without end'));
      });
      channel.on('close', () => resolve());
      channel.end(INSPECTION_SCRIPT);
    });
    return parseInspection(output) ?? { unreadable: `answered "${escapeText(output.slice(-80), 80)}"` };
  } catch (error) {
    return { unreadable: escapeText(toText(error), MAX_MESSAGE) };
  }
}

/**
 * Runs under the shells, awk and coreutils of Debian and of BusyBox. It reports at most 64 accounts and 64 key
 * files, and names of files only where they are plain. Hashes of passwords stay on the node: it reports only
 * whether each is as orion_account wants it (`*`, no forced change, no expiry).
 */
const INSPECTION_SCRIPT = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
digest() { head -c 32768 "$1" 2>/dev/null | sha256sum | cut -c 1-64; }
digest_key() { head -c 32768 "$1" 2>/dev/null | sed 's/,expiry-time="[0-9]\\{14\\}" /,expiry-time="local" /' | sha256sum | cut -c 1-64; }
drop_in=/etc/ssh/sshd_config.d/orion.conf
if [ -e /bin/bash ]; then shell=/bin/bash; else shell=/bin/sh; fi
echo 'orion-inspection 1'
echo "group:$(awk -F: '$1 == "orion" { print $3; exit }' /etc/group)"
echo "shell:$shell"
echo "directory:$(stat -c %F:%a:%u:%g /etc/ssh/orion 2>/dev/null)"
echo "dropin:$(stat -c %F:%a:%u:%g $drop_in 2>/dev/null):$(digest $drop_in)"
awk -F: '
  FILENAME == "/etc/shadow" { open[$1] = $2 == "*" && $3 != "0" && $8 == ""; next }
  FILENAME == "/etc/group" {
    n = $1 == "orion" ? 0 : split($4, names, ",")
    for (i = 1; i <= n; i++) groups[names[i]]++
    next
  }
  NF == 7 && $3 ~ /^[0-9]+$/ && $3 >= 20000 && $3 <= 59999 {
    if (++found <= 64) print $1 ":" $3 ":" $4 ":" $6 ":" $7 ":" open[$1] + 0 ":" groups[$1] + 0
  }
  END { print "accounts:" found + 0 }
' /etc/shadow /etc/group /etc/passwd | while IFS=: read -r name uid rest; do
  if [ "$name" = accounts ] && [ -z "$rest" ]; then
    echo "accounts:$uid"
  else
    echo "account:$name:$uid:$rest:$(stat -c %u "/home/$name" 2>/dev/null)"
  fi
done
n=0
if cd /etc/ssh/orion 2>/dev/null; then
  for file in * .[!.]* ..?*; do
    if [ ! -e "$file" ] && [ ! -L "$file" ]; then continue; fi
    n=$((n + 1))
    if [ $n -gt 64 ]; then continue; fi
    case $file in *[!A-Za-z0-9_.-]*) name='?' ;; *) name=$file ;; esac
    sum=
    if [ -f "./$file" ] && [ ! -L "./$file" ]; then sum=$(digest_key "./$file"); fi
    echo "key:$name:$(stat -c %a:%u:%g "./$file"):$sum"
  done
fi
echo "keys:$n"
echo ${LAST_LINE}
`;
