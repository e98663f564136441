import { z } from 'zod';
import { DURATION_FORMAT, parseDuration } from '../core/text/duration.ts';
import { parseNetwork } from '../core/text/ip-address.ts';
import { parseWebhookAllowance } from '../core/text/webhook-url.ts';
import { parseWebhookKey } from '../secrets/webhook-secret.ts';

export type Listen = { kind: 'tcp'; host: string; port: number } | { kind: 'unix'; path: string };

/** A format by the function that reads a text in it, or says what was expected instead. */
function read<Value>(parse: (text: string) => { value: Value } | string) {
  return (text: string, context: z.RefinementCtx<string>): Value => {
    const parsed = parse(text);
    if (typeof parsed !== 'string') return parsed.value;
    // The text may be a secret, and the message says enough.
    context.issues.push({ code: 'custom', input: '', message: `expected ${parsed}` });
    return z.NEVER;
  };
}

export function duration(defaultText: string) {
  return z
    .string()
    .default(defaultText)
    .transform(
      read((text) => {
        const value = parseDuration(text);
        return value !== null && value > 0 ? { value } : DURATION_FORMAT;
      }),
    );
}

export const webhookKey = z.string().transform(
  read((text) => {
    const value = parseWebhookKey(text);
    return value === null
      ? 'at least 32 bytes in base64, as `openssl rand -base64 32` makes them'
      : { value };
  }),
);

export const webhookAllowance = z
  .string()
  .default('')
  .transform(
    read((text) => {
      const parsed = parseWebhookAllowance(text);
      if ('allowed' in parsed) return { value: parsed.allowed };
      const what = 'networks (10.0.0.0/8), host names and "http:", separated by commas';
      return `${what}; number ${parsed.wrong} is none of these`;
    }),
  );

export const networks = z
  .string()
  .default('')
  .transform(
    read((text) => {
      const items = text.split(/[\s,]+/).filter((item) => item !== '');
      const parsed = items.map(parseNetwork);
      const wrong = parsed.indexOf(null);
      if (wrong === -1) return { value: parsed.filter((network) => network !== null) };
      const what = 'addresses and networks (10.0.0.0/8), separated by commas';
      return `${what}; number ${wrong + 1} is neither`;
    }),
  );

export const listen = z.string().transform(
  read((text) => {
    const value = parseListen(text);
    return value === null ? 'HOST:PORT, [IPv6]:PORT or unix:/path' : { value };
  }),
);

function parseListen(text: string): Listen | null {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path.startsWith('/') ? { kind: 'unix', path } : null;
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) return null;
  return { kind: 'tcp', host: match[1] ?? (match[2] || '0.0.0.0'), port: Number(match[3]) };
}
