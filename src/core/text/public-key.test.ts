import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePublicKey } from './public-key.ts';

// Made with ssh-keygen for this test; the private halves were thrown away.
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPtp3qJsHiViJRDpj9fFQ8Zjc08bvFDPrwuciJsB2Cck';
const RSA_2048 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC6AbmrFhaMvD628ymxpSxKwLeKAYY3U4nOYJyyHnxunsHCk8DJB8AzrfOEE1JUaS/WtU52adRnfqwdIADS23xt9cGy3Avpsy7dzVr3T2Nf65d0jg+GPmrJ/HliYGiLqaw0vubuORl7uvx8uFe89O1dBdI36FKlKliwjFEejxirJofQGLHExxJrvhC5WF4Q9axQVeLn9taTZzke8mMyosIKozXDdw5vjUApHNtHwkpiSZnJK7VviN0qQcf8Z3DO6vTovltmpcxS7TmeVWcb5AUlUM4MsToiV1XlhvBwRXIJrQMyLjun3sV1BeQD7ItpS2BD8oDwoxq/YX5PNn3N1e7V';
const RSA_1024 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7AKoTirLLEdPiw4396YUIpZUfvnBkgTcNvDCI1gOUdYLfxdRosmD/5gAFvkqushvp3q4uDrHuOBWsHGXehiewcmIL5lm4KpRLV8zl/wUVVeoZmErXmBq0MH4QTyLpWSwDydGcdHqFA4IN0956Uo3Q3D1gF8QVN2ys2EW7gnZW3w==';
const P256 =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLR/9ZyY31qYzm8/DiPzoyz4GYuXv6IVLueltlxPY5EcwgoZ1fDtfUxVEOTa/PgHCa7VRX6D3fL8y/RQp8zE3iU=';
const P384 =
  'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBMf1dYJ9tKTq3sjLXcUhCSDgaZ0uRRwz7xT8glsSMUVbm6IQoJtE/4f1v3vuW/bmp0oigTCJiwou0pIo0urSuMmq0juVzCj2I91v54DhjL/EMAzWXSQ0ySaJOQTvt73hvQ==';
const P521 =
  'ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAAxJswMPoHgYkH6RiTdhNcCHXLhrxla3Ls75F9h/X7m9bILR3ftjxWE6B+Gghd9MuzcIQqqxHwvI2McwviePqzluAEWheyIAcZHett7nQUHT0qX5Emw4DV1z59S3wbNktD+8/CnRzqSFRUopCh0nedxXAd8OZUaExGPVZDJHH4sI+GqVQ==';

/** A blob of length-prefixed fields, as base64. */
function toBlob(...fields: (string | number[])[]): string {
  const bytes = fields.flatMap((field) => {
    const content = typeof field === 'string' ? [...field].map((c) => c.charCodeAt(0)) : field;
    return [0, 0, content.length >> 8, content.length & 255, ...content];
  });
  return btoa(String.fromCharCode(...bytes));
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

function messageOf(text: string): string {
  const result = parsePublicKey(text);
  if (result.ok) throw new Error(`accepted: ${result.key}`);
  return result.message;
}

describe('parsePublicKey accepts and rebuilds', () => {
  test.each([
    ['ed25519', ED25519],
    ['rsa', RSA_2048],
    ['p256', P256],
    ['p384', P384],
    ['p521', P521],
    ['sk-ed25519', `sk-ssh-ed25519@openssh.com ${toBlob('sk-ssh-ed25519@openssh.com', zeros(32), 'ssh:')}`],
    [
      'sk-ecdsa',
      `sk-ecdsa-sha2-nistp256@openssh.com ${toBlob('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', [4, ...zeros(64)], 'ssh:')}`,
    ],
  ])('%s, without its comment', (_name, line) => {
    for (const text of [line, `${line} me@host and more`, `  ${line}\tme\r\n`]) {
      expect(parsePublicKey(text)).toEqual({ ok: true, type: line.split(' ')[0], key: line });
    }
  });
});

describe('parsePublicKey refuses', () => {
  test('options, other types and other files, each with its reason', () => {
    expect(messageOf('')).toContain('empty');
    expect(messageOf(`command="sh" ${ED25519}`)).toContain('options');
    expect(messageOf(`ssh-dss ${toBlob('ssh-dss', zeros(20))}`)).toContain('must start with');
    expect(messageOf(`${ED25519}\n${ED25519}`)).toContain('one line');
    expect(messageOf('-----BEGIN OPENSSH PRIVATE KEY-----')).toContain('.pub');
    expect(messageOf('https://example.com/key')).toContain('must start with');
    expect(messageOf('ssh-ed25519')).toContain('base64');
    expect(messageOf('ssh-ed25519 {{7*7}}')).toContain('base64');
    expect(messageOf(ED25519.slice(0, -4))).toContain('cut off');
    expect(messageOf(`ssh-rsa ${ED25519.split(' ')[1]}`)).toContain('the type inside');
  });

  test('weak or malformed numbers', () => {
    expect(messageOf(RSA_1024)).toContain('1024 bits');
    expect(messageOf(`ssh-rsa ${toBlob('ssh-rsa', [1, 0, 1])}`)).toContain('RSA');
    expect(messageOf(`ssh-rsa ${toBlob('ssh-rsa', [1, 0, 1], [0, 0, ...zeros(255), 1])}`)).toContain('RSA');
    expect(messageOf(`ssh-ed25519 ${toBlob('ssh-ed25519', zeros(31))}`)).toContain('ed25519');
    expect(messageOf(`ssh-ed25519 ${toBlob('ssh-ed25519', zeros(32), 'more')}`)).toContain('ed25519');
    const compressed = toBlob('ecdsa-sha2-nistp256', 'nistp256', [2, ...zeros(32)]);
    expect(messageOf(`ecdsa-sha2-nistp256 ${compressed}`)).toContain('nistp256');
    const otherCurve = toBlob('ecdsa-sha2-nistp256', 'nistp384', [4, ...zeros(64)]);
    expect(messageOf(`ecdsa-sha2-nistp256 ${otherCurve}`)).toContain('nistp256');
  });

  test('never throws, and gives back only characters that a key is made of', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((tail) => `ssh-ed25519 ${tail}`),
      fc.string().map((tail) => `${ED25519} ${tail}`),
      fc.uint8Array().map((bytes) => `ssh-rsa ${btoa(String.fromCharCode(...bytes))}`),
    );
    fc.assert(
      fc.property(text, (input) => {
        const result = parsePublicKey(input);
        if (result.ok) expect(result.key).toMatch(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/);
      }),
    );
  });
});
