import { execa } from 'execa';
import { DEFAULT_ANSIBLE_DIR } from './runner.ts';

/** The uid whose files the scripts create and remove. */
export const UID = 20_123;

const PRELUDE = `
import errno, json, os, resource, subprocess, sys
import ansible.module_utils
ansible.module_utils.__path__.append('${DEFAULT_ANSIBLE_DIR}/module_utils')
from ansible.module_utils.orion_node import Refusal
from ansible.module_utils.orion_sweep import Sweep
UID = ${UID}

def mount(options):
    subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'none', '/mnt'], check=True)
    os.makedirs('/mnt/tmp')

def own(path, uid=UID):
    os.chown(path, uid, -1, follow_symlinks=False)

def chain(path, deep):
    """Directories in each other, deeper than a path can be long."""
    here = os.open('/', os.O_RDONLY)
    os.mkdir(path); own(path); os.chdir(path)
    for _ in range(deep):
        os.mkdir('d'); own('d'); os.chdir('d')
    os.fchdir(here); os.close(here)

def count(path='/mnt/tmp'):
    return int(subprocess.run(['find', path, '-mindepth', '1', '-printf', '.'], capture_output=True).stdout.count(b'.'))
`;

/**
 * Runs a Python script, with the code that removes what a tenant left, as root in a mount namespace of its own.
 * There `mount` gives it a file system at /mnt. Returns what the script prints, parsed from JSON.
 */
export async function runRemoval(script: string, under: string[] = []): Promise<unknown> {
  const argv = [
    '--mount',
    '--propagation',
    'private',
    '--',
    ...under,
    '/usr/bin/python3',
    '-c',
    PRELUDE + script,
  ];
  const { stdout } = await execa('unshare', argv, { timeout: 600_000 });
  return JSON.parse(stdout);
}
