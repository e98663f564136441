"""The sshd that runs on the node, as it was started."""
import os

MAIN_CONFIG = '/etc/ssh/sshd_config'


def running_listeners():
    """(pid, configuration file, binary) of each sshd that listens here. Only root's processes with sshd's own
    binary: any account can call its process "sshd: … [listener]"."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            binary = os.readlink('/proc/%s/exe' % pid).replace(' (deleted)', '')
            if not os.path.basename(binary).startswith('sshd') or os.stat('/proc/' + pid).st_uid != 0:
                continue
            with open('/proc/%s/cmdline' % pid) as stream:
                title = stream.read().replace('\0', ' ').split()
        except OSError:
            continue
        if '[listener]' in title:
            config = title[title.index('-f') + 1] if '-f' in title[:-1] else MAIN_CONFIG
            found.append((int(pid), config, binary))
    return found
