import { createSocket } from 'node:dgram';

/** A name server on this machine that knows what a test tells it. */
export interface NameServer {
  /** As `Resolver.setServers` takes it. */
  address: string;
  /** Names that were asked for, each time. */
  asked: string[];
  close(): Promise<void>;
}

const A = 1;
const HEADER_BYTES = 12;

/** `answer` gives the IPv4 addresses of a name; null: no answer ever comes. */
export async function startNameServer(answer: (name: string) => string[] | null): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, end } = readName(query);
    const isA = query.readUInt16BE(end) === A;
    if (isA) asked.push(name);
    const addresses = answer(name);
    if (addresses === null) return;
    const records = isA ? addresses : [];
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    // An answer without an error, to one question, with so many records.
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

/** Of the name in the question, of the internet, good for no time at all. */
function toRecord(address: string): Buffer {
  const head = [0xc0, HEADER_BYTES, 0, A, 0, 1, 0, 0, 0, 0, 0, 4];
  return Buffer.from([...head, ...address.split('.').map(Number)]);
}
