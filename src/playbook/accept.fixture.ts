/** Files of the made-up package. */
export const CONFFILE = '/etc/cron.d/upgraded';
export const SHIPPED = '/etc/profile.d/upgraded.sh';

/** What an upgrade leaves: files, and dpkg's records of them. Runs any number of times. */
export const UPGRADE = `
  rm -rf ${CONFFILE} ${SHIPPED}; echo '* * * * * root true' >${CONFFILE}; echo 'true' >${SHIPPED}
  info=/var/lib/dpkg/info/orion-upgraded
  printf '%s\\n' /. /etc /etc/cron.d ${CONFFILE} /etc/profile.d ${SHIPPED} >$info.list
  (cd / && md5sum ${SHIPPED.slice(1)}) >$info.md5sums
  [ -e /var/lib/dpkg/status.before ] || cp /var/lib/dpkg/status /var/lib/dpkg/status.before
  (cat /var/lib/dpkg/status.before; printf '\\nPackage: orion-upgraded\\nStatus: install ok installed\\nArchitecture: all\\nVersion: 2\\nConffiles:\\n ${CONFFILE} %s\\nDescription: for a test\\n' \\
    "$(md5sum <${CONFFILE} | cut -c 1-32)") >/var/lib/dpkg/status.new
  mv /var/lib/dpkg/status.new /var/lib/dpkg/status`;
export const REMOVE_UPGRADE = `
  rm -rf ${CONFFILE} ${SHIPPED} /var/lib/dpkg/info/orion-upgraded.*
  mv /var/lib/dpkg/status.before /var/lib/dpkg/status`;

/** Changes that make a packaged file differ from its package, or the records unreliable, and how to undo them. */
export const NOT_AS_PACKAGED: [name: string, change: string, undo?: string][] = [
  ['one byte more', `echo >>${CONFFILE}; echo >>${SHIPPED}`],
  ['setuid', `chmod u+s ${SHIPPED} ${CONFFILE}`],
  ['setgid', `chmod g+s ${SHIPPED} ${CONFFILE}`],
  ['mode 666', `chmod 666 ${CONFFILE} ${SHIPPED}`],
  ['writable for its group', `chmod g+w ${SHIPPED} ${CONFFILE}`],
  ['of another owner', `chown daemon ${CONFFILE} ${SHIPPED}`],
  ['of another group', `chgrp daemon ${CONFFILE} ${SHIPPED}`],
  [
    'a link to the very content',
    `for f in ${CONFFILE} ${SHIPPED}; do mv $f $f.x; ln -s $f.x $f; done`,
    `rm ${CONFFILE}.x ${SHIPPED}.x`,
  ],
  ['a pipe', `for f in ${CONFFILE} ${SHIPPED}; do rm $f; mkfifo $f; done`],
  ['in a directory that others may write to', 'chmod o+w /etc', 'chmod o-w /etc'],
  [
    'in a directory of others',
    'chown daemon /etc/cron.d /etc/profile.d',
    'chown root /etc/cron.d /etc/profile.d',
  ],
  [
    'of a package that was removed but for it',
    'sed -i "/^Package: orion-upgraded/{n;s/install ok installed/deinstall ok config-files/}" /var/lib/dpkg/status',
  ],
  [
    'of a package that is half installed',
    'sed -i "/^Package: orion-upgraded/{n;s/installed$/unpacked/}" /var/lib/dpkg/status',
  ],
  [
    'that the package does not bring any more',
    `sed -i 's|^ ${CONFFILE} .*|& obsolete|' /var/lib/dpkg/status; : >/var/lib/dpkg/info/orion-upgraded.md5sums`,
  ],
  ['that the package does not list', 'sed -i /upgraded/d /var/lib/dpkg/info/orion-upgraded.list'],
  [
    'with another mode than an override has',
    `printf 'root root 600 %s\n' ${CONFFILE} ${SHIPPED} >/var/lib/dpkg/statoverride`,
  ],
  ['by records that others may write', 'chmod o+w /var/lib/dpkg/status'],
  ['by records in a place of others', 'chown daemon /var/lib/dpkg', 'chown root /var/lib/dpkg'],
  [
    'by records that are a link',
    'cd /var/lib/dpkg; mv status real; ln -s real status',
    'rm /var/lib/dpkg/real',
  ],
];

/** Things of a tenant that look like differences, but that nobody may ever accept. */
export const OF_TENANTS = `
  useradd -M -u 20901 moled; usermod -aG orion daemon; echo 'rmole0001:x:1234:' >>/etc/group
  cp /bin/true /opt/s; chown 20902 /opt/s; chmod 4755 /opt/s
  mkdir -p /home/rmole0001/.ssh; echo x >/home/rmole0001/.ssh/authorized_keys
  echo x >/var/spool/cron/crontabs/rmole0001`;
export const REMOVE_TENANTS = `
  userdel moled; gpasswd -d daemon orion; sed -i /rmole0001/d /etc/group /etc/gshadow
  rm -r /opt/s /home/rmole0001 /var/spool/cron/crontabs/rmole0001`;
