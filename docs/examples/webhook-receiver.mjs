// A receiver of Orion's webhooks that needs nothing but Node.js, to try them and to begin with:
//   ORION_WEBHOOK_SECRET=$(orion webhook secret) node docs/examples/webhook-receiver.mjs 9000
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const secret = process.env.ORION_WEBHOOK_SECRET ?? '';
if (!secret.startsWith('whsec_')) throw new Error('ORION_WEBHOOK_SECRET is not set: orion webhook secret');
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
const TOLERANCE_S = 300;

/** Whether the message was signed with the secret, and just now, so that nobody can send an old one again. */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= TOLERANCE_S)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  // There are two while a secret is being replaced.
  return signatures.split(' ').some((signature) => {
    const [version, encoded = ''] = signature.split(',');
    const given = Buffer.from(encoded, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Messages may come more than once. A real receiver keeps these ids where it keeps what it does. */
const seen = new Set();

const server = createServer(async (request, response) => {
  // The signature is over the text as it came: parse it only afterwards.
  const body = await text(request);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) {
    const { type, data } = JSON.parse(body);
    console.log(`${type}: ${data.name} on ${data.status.node ?? 'no node'} (${data.message})`);
    const { previousConnection: before, status } = data;
    if (before) console.log(`  was ${before.command}, is now ${status.connection.command}`);
    seen.add(id);
  }
  // Only now, when it is done: without this answer the message comes again.
  response.writeHead(204).end();
});
server.listen(Number(process.argv[2] ?? 9000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
