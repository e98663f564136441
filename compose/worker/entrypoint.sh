#!/bin/sh
# Starts a machine: keys of its own, kept in a volume; the control plane's key for root; then sshd.
set -eu
umask 077

fail() {
  echo "orion-worker: $*" >&2
  exit 1
}

# From a file (a volume or secret) or from the environment.
if [ -n "${ORION_CONTROL_PUBLIC_KEY_FILE:-}" ]; then
  [ -r "$ORION_CONTROL_PUBLIC_KEY_FILE" ] || fail "ORION_CONTROL_PUBLIC_KEY_FILE: $ORION_CONTROL_PUBLIC_KEY_FILE can't be read"
  key=$(cat "$ORION_CONTROL_PUBLIC_KEY_FILE")
else
  key=${ORION_CONTROL_PUBLIC_KEY:-}
fi
[ -n "$key" ] || fail 'no control key: set ORION_CONTROL_PUBLIC_KEY, or run "docker compose -f compose/init.yml run --rm init" first'
echo "$key" >/tmp/control.pub
ssh-keygen -l -f /tmp/control.pub >/dev/null 2>&1 || fail 'ORION_CONTROL_PUBLIC_KEY is not an OpenSSH public key'
mkdir -p /root/.ssh
mv /tmp/control.pub /root/.ssh/authorized_keys

host_key=/etc/ssh/host_keys/ssh_host_ed25519_key
[ -s $host_key ] || ssh-keygen -q -t ed25519 -N '' -C "$(hostname)" -f $host_key
# The directory for sshd's privilege separation.
mkdir -p /run/sshd && chmod 755 /run/sshd
# Without a password an account is locked, and its key is refused, too: give root a password that nothing matches.
sed -i 's/^root:[^:]*:/root:*:/' /etc/shadow
# OpenSSH 9.8 and later shut out addresses that fail to log in; behind a published port all clients have the same one.
# An sshd that does not know the option would not start with it.
if /usr/sbin/sshd -t -o 'PerSourcePenalties no' 2>/dev/null; then
  exec /usr/sbin/sshd -D -e -o 'PerSourcePenalties no'
fi
/usr/sbin/sshd -t || fail 'the configuration of sshd is not valid'
exec /usr/sbin/sshd -D -e
