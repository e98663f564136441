import { createSocket } from 'node:dgram';

/** A name server on this machine that answers what a test tells it to. */
export interface NameServer {
  /** In the format of `Resolver.setServers`. */
  address: string;
  /** The names queried, each time. */
  asked: string[];
  close(): Promise<void>;
}

const A = 1;
const AAAA = 28;
const HEADER_BYTES = 12;

/** `answer` returns the addresses of a name, of either family; null: no answer ever comes. */
export async function startNameServer(answer: (name: string) => string[] | null): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, end } = readName(query);
    const type = query.readUInt16BE(end);
    if (type === A) asked.push(name);
    const records = answer(name)?.filter((address) => type === (address.includes(':') ? AAAA : A));
    if (records === undefined) return;
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    // An answer without error, to one question, with this many records.
    header.writeUInt16BE(0x8180, 2);
    for (const [offset, count] of [1, records.length, 0, 0].entries())
      header.writeUInt16BE(count, 4 + 2 * offset);
    const question = query.subarray(HEADER_BYTES, end + 4);
    socket.send(Buffer.concat([header, question, ...records.map(toRecord)]), port, address);
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((done) => socket.close(() => done())),
  };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** For the name in the question, of class internet, with a lifetime of zero. */
function toRecord(address: string): Buffer {
  const isV6 = address.includes(':');
  const bytes = isV6 ? toBytes(address) : address.split('.').map(Number);
  const head = [0xc0, HEADER_BYTES, 0, isV6 ? AAAA : A, 0, 1, 0, 0, 0, 0, 0, bytes.length];
  return Buffer.from([...head, ...bytes]);
}

/** An IPv6 address as URLs write it, without dots. */
function toBytes(address: string): number[] {
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
