import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuthContext, type Connection, Server, type ServerChannel, utils } from 'ssh2';
import type { NodeTarget } from '../core/ports/node-access.ts';

// Nodes on loopback that misbehave as told, for the tests of this folder.

const ignore = () => undefined;

export interface KeyPair {
  private: string;
  /** `TYPE BASE64`. */
  public: string;
}

/** ssh2 can't read back about one in 300 of the ed25519 pairs that it makes: those are discarded. */
export function createKeyPair(type: 'ed25519' | 'ecdsa' = 'ed25519'): KeyPair {
  for (;;) {
    const pair =
      type === 'ed25519'
        ? utils.generateKeyPairSync('ed25519')
        : utils.generateKeyPairSync('ecdsa', { bits: 256 });
    const isReadable = [pair.private, pair.public].every((text) => !(utils.parseKey(text) instanceof Error));
    if (isReadable) return { private: pair.private, public: pair.public.split(' ').slice(0, 2).join(' ') };
  }
}

export function writeKeyFile(content: string): string {
  const path = join(tmpdir(), `orion-test-key-${randomUUID()}`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

export interface FakeNode {
  port: number;
  /** Sockets that are open now, as the node sees them. */
  sockets: Set<Socket>;
  /** Open connections go on; new ones are refused. */
  closeListener(): void;
  /** From now on, new connections are handled in another way. */
  replaceListener(onSocket: (socket: Socket) => void): void;
  stop(): Promise<void>;
}

export interface FakeSsh extends FakeNode {
  /** `user:method` of all login attempts. */
  logins: string[];
  /** Connections that logged in. */
  sessions: Connection[];
}

/** A TCP server that does with each socket what it is told, and no more. */
export function startTcp(onSocket: (socket: Socket) => void): Promise<FakeNode> {
  // A socket that is never read does not notice its end.
  const server = createServer((socket) => onSocket(socket.resume()));
  return listen(server);
}

export interface SshScript {
  hostKey: KeyPair;
  auth?: (context: AuthContext) => void;
  onCommand?: (channel: ServerChannel, command: string, session: Connection) => void;
  /** Accepts the request for a command and never answers it. */
  isExecMute?: boolean;
  onReady?: (session: Connection) => void;
}

export async function startSsh(script: SshScript): Promise<FakeSsh> {
  const logins: string[] = [];
  const sessions: Connection[] = [];
  const server = new Server({ hostKeys: [script.hostKey.private] }, (client) => {
    client.on('error', ignore);
    client.on('authentication', (context) => {
      logins.push(`${context.username}:${context.method}`);
      if (script.auth) script.auth(context);
      else context.accept();
    });
    client.on('ready', () => {
      sessions.push(client);
      script.onReady?.(client);
    });
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, _reject, { command }) => {
        if (script.isExecMute) return;
        const channel = acceptExec();
        channel.on('error', ignore);
        (script.onCommand ?? runShell)(channel, command, client);
      });
    });
  });
  // The types hide it, but this is the net.Server behind the sockets.
  const tcp = (server as unknown as { _srv: TcpServer })._srv;
  return { ...(await listen(tcp)), logins, sessions };
}

/** As much of a shell as a probe needs. */
export function runShell(channel: ServerChannel, command: string): void {
  if (command.endsWith('exec cat')) channel.on('data', (data: Buffer) => channel.write(data));
  else {
    channel.write(command.split(' ').slice(2).join(''));
    channel.exit(0);
    channel.end();
  }
}

async function listen(tcp: TcpServer): Promise<FakeNode> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', ignore).on('close', () => sockets.delete(socket));
  };
  tcp.on('connection', track);
  await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
  return {
    port: (tcp.address() as AddressInfo).port,
    sockets,
    closeListener: () => void tcp.close(),
    replaceListener: (onSocket) => {
      tcp.removeAllListeners('connection').on('connection', track);
      tcp.on('connection', (socket: Socket) => onSocket(socket.resume()));
    },
    stop: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        tcp.close(() => done());
      }),
  };
}

export function createTarget(port: number, privateKeyPath: string, hostKey: string | null): NodeTarget {
  return { name: 'n1', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey };
}
