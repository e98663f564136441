#!/bin/bash
# Installs Debian packages without starting or enabling any service. Usage: setup-debian.sh FOLDER PACKAGE…
# FOLDER keeps what the next run must know if this one is interrupted. However it ends, the machine's own
# policy-rc.d is put back; after kill -9 the next run does it.
set -uo pipefail
folder=$1
shift
policy=/usr/sbin/policy-rc.d
saved=$policy.before-orion
before=$folder/units-before
marker='# Made by the set-up of Orion for the time of an installation.'

restore_policy() {
  if [ -e "$saved" ] || [ -L "$saved" ]; then
    mv -f "$saved" "$policy"
  elif grep -qsF "$marker" "$policy"; then
    rm -f "$policy"
  fi
}

# An enabled service is a symbolic link, for systemd and for the older boot scripts, whichever runs here.
list_enabled() {
  {
    find /etc/systemd/system /etc/systemd/user -type l 2>/dev/null
    find /etc/rc[S2345].d -name 'S*' 2>/dev/null
  } | sort
}

disable_new() {
  local link unit
  [ -e "$before" ] || return 0
  comm -13 "$before" <(list_enabled) | while IFS= read -r link; do
    unit=$(basename "$link")
    case $link in
      /etc/rc*) update-rc.d "${unit:3}" disable >/dev/null 2>&1 ;;
      # Debian's own tool also records it, so that an upgrade does not enable it again.
      *) deb-systemd-helper disable "$unit" >/dev/null 2>&1; rm -f "$link" ;;
    esac
    echo "Disabled $unit"
  done
  rm -f "$before"
}

finish() {
  disable_new
  restore_policy
}

restore_policy
trap finish EXIT
trap 'exit 130' INT TERM HUP
# After an interrupted run, the list from before it is the right one.
[ -e "$before" ] || { list_enabled >"$before.new" && mv "$before.new" "$before"; }
if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$saved"; fi
# 101: no package script may start anything.
printf '#!/bin/sh\n%s\nexit 101\n' "$marker" >"$policy.new" && chmod 755 "$policy.new" && mv "$policy.new" "$policy" || exit 1

options=(-y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
dpkg --configure -a
apt-get "${options[@]}" update || echo 'W: the package lists could not be updated; continuing with the old ones'
apt-get "${options[@]}" --no-install-recommends install "$@"
