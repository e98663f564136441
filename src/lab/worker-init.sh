#!/bin/bash
# PID 1 of a worker: worker.ts starts it in new namespaces. It builds a root of its own, moves into it, starts sshd
# and then only reaps. Only what is put there is visible inside, never the host's root minus something: this
# machine's programs (/usr) and settings (/etc) as overlays, and everything else made new.
# Takes WORKER (its folder), NAME, HOST, PORT, AUTHORIZED_KEY, GROUP (its control group) and HIDE (paths of the host
# never to be shown).
set -euo pipefail
umask 022

# Until the new /proc is mounted, /proc is the host's, so this is the pid as the host sees it.
read -r host_pid _ </proc/self/stat
echo "$host_pid" >&3
exec 3>&-
# The lab sends a line when the network is there. If the pipe ends instead, the lab gave up or was killed.
read -r _ || exit 1
exec </dev/null

say() { echo "worker $NAME: $*" >&2; }

cd "$WORKER"
mount --make-rprivate /

# An interrupted preparation is done again from the beginning.
first=no
if [ ! -e prepared ]; then
  first=yes
  rm -rf root upper work
fi
mkdir -p root upper work
mount --bind root root

# A whiteout in the upper layer hides what the lower one has; a directory made over it later starts empty.
whiteout() {
  local above
  above=$(dirname "$1")
  # Everything in a hidden folder is hidden, too.
  while [ "$above" != . ]; do
    [ ! -c "upper/$above" ] || return 0
    above=$(dirname "$above")
  done
  mkdir -p "upper/$(dirname "$1")"
  [ -e "upper/$1" ] || mknod "upper/$1" c 0 0
}

if [ $first = yes ]; then
  # Also documents, pictures, headers and large development kits: no program of a worker needs them, and a
  # verification checks every file of the machine.
  for path in /usr/local /usr/src /usr/include /usr/share/{doc,man,locale,icons,cmake*,maven-repo} \
    /usr/lib/{debug,go-*,google-cloud-sdk,jvm,llvm-*,node_modules} /etc/ssh /etc/sudoers.d; do
    [ ! -e "$path" ] || whiteout "${path#/}"
  done
  # Files that not everybody may read are the host's secrets: keys, passwords, certificates.
  while IFS= read -r -d '' path; do
    whiteout "etc/$path"
  done < <(find /etc -xdev -mindepth 1 ! -type l ! -perm -o=r -printf '%P\0' -prune)
  while IFS= read -r path; do
    case "$path" in /usr/* | /etc/*) [ ! -e "$path" ] || whiteout "${path#/}" ;; esac
  done <<<"$HIDE"
fi

# Relative paths, because mount would take a comma or colon in ORION_HOME for a separator.
overlay() {
  mkdir -p "upper/$1" "work/$1" "root/$1"
  if ! mount -t overlay overlay -o "lowerdir=/$1,upperdir=upper/$1,workdir=work/$1" "root/$1"; then
    say "an overlay of /$1 is not possible on the file system of $WORKER"
    exit 41
  fi
}
overlay usr
overlay etc
for entry in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$entry" ]; then
    [ -L "root/$entry" ] || cp -P "/$entry" "root/$entry"
  elif [ -d "/$entry" ]; then
    overlay "$entry"
  fi
done
[ ! -d /var/lib/dpkg ] || overlay var/lib/dpkg

# Its own control group wherever this machine allows one: the clients' limits are set below it.
mkdir -p root/sys/fs/cgroup
while read -r _ point kind options _; do
  case "$kind,$options" in
    cgroup,*,pids* | cgroup,*,memory*) ;;
    cgroup2,*) grep -qw pids "$point/cgroup.controllers" || continue ;;
    *) continue ;;
  esac
  case $point in /sys/fs/cgroup*) ;; *) continue ;; esac
  { mkdir -p "$point/$GROUP" && echo 0 >"$point/$GROUP/cgroup.procs"; } 2>/dev/null || continue
  mkdir -p "root$point"
  mount --bind "$point/$GROUP" "root$point"
done </proc/mounts

cd root
mkdir -p dev proc sys run tmp home root opt srv mnt media var/lib

prepare() {
  mkdir -p usr/local/bin usr/local/sbin usr/local/lib usr/local/share usr/local/etc usr/src
  mkdir -p var/cache var/log var/opt var/local var/spool/cron
  install -d -m 1777 var/tmp
  install -d -m 2775 -g mail var/mail
  ln -sfn ../mail var/spool/mail
  ln -sfn /run var/run
  ln -sfn /run/lock var/lock
  install -d -m 1730 -g crontab var/spool/cron/crontabs 2>/dev/null || install -d -m 1730 var/spool/cron/crontabs
  install -d -m 1770 -o daemon -g daemon var/spool/cron/atjobs var/spool/cron/atspool
  install -m 664 -g utmp /dev/null var/log/wtmp
  install -m 664 -g utmp /dev/null var/log/lastlog
  install -m 660 -g utmp /dev/null var/log/btmp
  chmod 700 root

  # Its own accounts: the system's, without passwords and without the host's users.
  local file
  for file in passwd group; do
    awk -F: '$3 < 1000 || $3 == 65534' "/etc/$file" >"etc/$file.new"
    mv "etc/$file.new" "etc/$file"
  done
  sed -i 's|^\(root:.*\):[^:]*$|\1:/bin/bash|' etc/passwd
  awk -F: '{ print $1 ":*:19000:0:99999:7:::" }' etc/passwd >etc/shadow
  awk -F: '{ print $1 ":*::" }' etc/group >etc/gshadow
  chmod 640 etc/shadow etc/gshadow
  chgrp shadow etc/shadow etc/gshadow
  rm -f etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid-
  : >etc/subuid
  : >etc/subgid
  : >etc/environment
  mkdir -p etc/ssh/sshd_config.d
  [ ! -e /etc/ssh/moduli ] || cp /etc/ssh/moduli etc/ssh/moduli
  [ ! -e /etc/ssh/ssh_config ] || cp /etc/ssh/ssh_config etc/ssh/ssh_config
  touch ../prepared
}
[ $first = no ] || prepare

# Written at every start, like the settings of a machine that its operator reinstalls. Drop-ins are kept.
echo "$NAME" >etc/hostname
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$NAME" >etc/hosts
install -m 600 ../host_key etc/ssh/ssh_host_ed25519_key
install -m 644 ../host_key.pub etc/ssh/ssh_host_ed25519_key.pub
cat >etc/ssh/sshd_config <<CONFIG
# Drop-ins come first, because sshd takes the first value it sees.
Include /etc/ssh/sshd_config.d/*.conf
Port $PORT
ListenAddress $HOST
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM yes
StrictModes yes
UseDNS no
X11Forwarding no
PrintMotd no
MaxStartups 200:30:400
MaxSessions 50
Subsystem sftp internal-sftp
CONFIG
# Its own PAM stack: this machine's may require what is not in here. Later additions to it are kept.
grep -qs 'a worker of the lab' etc/pam.d/sshd || cat >etc/pam.d/sshd <<'STACK'
# sshd of a worker of the lab: keys alone let somebody in.
auth required pam_deny.so
account required pam_unix.so
password required pam_deny.so
session required pam_limits.so
STACK
install -d -m 700 root/.ssh
printf '%s\n' "$AUTHORIZED_KEY" >root/.ssh/authorized_keys
chmod 600 root/.ssh/authorized_keys

mount -t tmpfs -o nosuid,mode=755,size=64k,nr_inodes=200 tmpfs dev
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r device major minor <<<"$device"
  mknod -m 666 "dev/$device" c "$major" "$minor"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,nosuid,noexec,mode=620,gid=5,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
# Sizes keep one careless client from taking all the memory of this machine.
mount -t tmpfs -o nosuid,nodev,mode=1777,size=256m tmpfs dev/shm
mount -t tmpfs -o nosuid,nodev,mode=1777,size=256m tmpfs tmp
mount -t tmpfs -o nosuid,nodev,mode=755,size=64m tmpfs run
install -d -m 755 run/sshd run/lock
mount -t proc -o nosuid,nodev,noexec proc proc
# hostname(1) refuses underscores; the kernel does not.
echo "$NAME" >proc/sys/kernel/hostname
# The kernel's switches belong to the host.
for path in proc/sys proc/sysrq-trigger; do
  [ ! -e $path ] || { mount --bind $path $path && mount -o remount,bind,ro $path; }
done

# After this no path leads to the host any more: its root is stacked below the new one, then unmounted.
pivot_root . .
umount -l .
cd /

# Its control group is the root that it sees. In version 2 a group with child groups can't hold processes itself.
# While bash waits, it reaps orphans. The machine lives on when sshd dies.
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 ORION_LAB="$ORION_LAB" \
  unshare --cgroup -- /bin/bash -c '
    if [ -e /sys/fs/cgroup/cgroup.procs ]; then
      mkdir -p /sys/fs/cgroup/machine && echo 0 >/sys/fs/cgroup/machine/cgroup.procs
    fi
    /usr/sbin/sshd -D -e & while :; do sleep infinity & wait $!; done'
