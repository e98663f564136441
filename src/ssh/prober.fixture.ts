import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import type { ProbeResult } from '../core/model/probe.ts';
import type { Prober } from '../core/ports/node-access.ts';
import { SILENT } from '../project/silent.fixture.ts';
import {
  createKeyPair,
  createTarget,
  type FakeNode,
  type FakeSsh,
  type SshScript,
  startSsh,
  startTcp,
  writeKeyFile,
} from './node.fixture.ts';
import { createProber } from './prober.ts';

// For the tests of the prober: each gets a fresh one, and its nodes end with it.

export const HOST_KEY = createKeyPair();
/** The host key of the node n2. */
export const OTHER_KEY = createKeyPair();
export const CONTROL_KEY = writeKeyFile(createKeyPair().private);
const never = new AbortController().signal;
/** Long enough for anything that answers. */
export const PATIENT = { timeoutMs: 50_000, signal: never };
/** Short, for what never answers. */
export const SHORT = { timeoutMs: 400, signal: never };
/** Short, but long enough for a handshake on a busy machine. */
export const LOGGED_IN = { timeoutMs: 2_500, signal: never };

/** The prober of the running test. */
export let prober: Prober;
let nodes: FakeNode[] = [];

/** Every test gets a prober, and must leave no socket open at any of its nodes. */
export function useProber(): void {
  beforeEach(() => {
    prober = createProber({
      logger: SILENT,
      keepaliveMs: 0,
      hostKeyOwner: (key) => (key === OTHER_KEY.public ? 'n2' : null),
    });
  });
  afterEach(async () => {
    const used = nodes;
    nodes = [];
    await prober.close();
    try {
      await expect.poll(() => used.map(({ sockets }) => sockets.size)).toEqual(used.map(() => 0));
    } finally {
      await Promise.all(used.map((node) => node.stop()));
    }
  });
  afterAll(() => rmSync(CONTROL_KEY));
}

export async function ssh(script: Partial<SshScript> = {}): Promise<FakeSsh> {
  const node = await startSsh({ hostKey: HOST_KEY, ...script });
  nodes.push(node);
  return node;
}
export async function tcp(onSocket: (socket: Socket) => void): Promise<FakeNode> {
  const node = await startTcp(onSocket);
  nodes.push(node);
  return node;
}
export const targetOf = ({ port }: { port: number }, hostKey: string | null = HOST_KEY.public) =>
  createTarget(port, CONTROL_KEY, hostKey);
export const reasonOf = (result: ProbeResult) => (result.ok ? 'ok' : result.reason);
/** Sends the same text again and again while somebody reads. */
export function flood(socket: Socket, text: string): void {
  const send = () => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', send).resume();
  send();
}

export function floodChannel(channel: {
  write(text: string): boolean;
  on(event: 'drain', send: () => void): unknown;
  writable: boolean;
}): void {
  const send = () => {
    while (channel.writable && channel.write('x'.repeat(10_000)));
  };
  channel.on('drain', send);
  send();
}
