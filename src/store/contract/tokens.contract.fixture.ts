import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ContractBench } from './contract.fixture.ts';
import { now } from './samples.fixture.ts';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** Who may call the API: tokens, and sessions that were begun with them. */
export function testTokens(bench: ContractBench): void {
  test('accepts a token until it expires or is revoked', async () => {
    const token = { name: null, tenant: 't', role: 'tenant' as const, createdAt: now };
    const soon = new Date(Date.now() + 1_000);
    await bench.store.createToken({ ...token, id: 'k1', hash: hashOf('one'), expiresAt: null });
    await bench.store.createToken({ ...token, id: 'k2', hash: hashOf('two'), expiresAt: soon });
    expect(await bench.store.authenticate(hashOf('one'))).toEqual({
      tokenId: 'k1',
      tokenName: null,
      tenant: 't',
      role: 'tenant',
    });
    expect(await bench.store.authenticate(hashOf('two'))).not.toBeNull();
    expect(await bench.store.authenticate(hashOf('three'))).toBeNull();
    // The database's clock decides, and only time expires a token.
    await sleep(1_100);
    expect(await bench.store.authenticate(hashOf('two'))).toBeNull();
    expect(await bench.store.revokeToken('k1', now)).toBe(true);
    expect(await bench.store.revokeToken('k1', now)).toBe(false);
    expect(await bench.store.authenticate(hashOf('one'))).toBeNull();
    expect((await bench.store.listTokens()).map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
      ['k1', now],
      ['k2', null],
    ]);
  });

  test('keeps somebody signed in until the session expires, is ended, or its token is no more', async () => {
    const base = { name: 'laptop', tenant: 't', role: 'tenant' as const, createdAt: now };
    await bench.store.createToken({ ...base, id: 's1', hash: hashOf('t1'), expiresAt: null });
    await bench.store.createToken({
      ...base,
      id: 's2',
      hash: hashOf('t2'),
      expiresAt: new Date(Date.now() + 1_000),
    });
    const later = new Date(Date.now() + 3_600_000);
    const open = (secret: string, tokenId: string, expiresAt = later, createdAt = now) =>
      bench.store.createSession({ hash: hashOf(secret), tokenId, createdAt, expiresAt });
    const find = (secret: string) => bench.store.authenticateSession(hashOf(secret));
    await open('a', 's1');
    await open('b', 's1', new Date(Date.now() + 1_000));
    await open('c', 's2');
    expect(await find('a')).toEqual({
      tokenId: 's1',
      tokenName: 'laptop',
      tenant: 't',
      role: 'tenant',
      expiresAt: expect.any(Date),
    });
    expect([await find('b'), await find('c')]).not.toContain(null);
    // The database's clock decides, and only time ends either.
    await sleep(1_100);
    expect([await find('b'), await find('c'), await find('d')]).toEqual([null, null, null]);
    await bench.store.endSession(hashOf('a'));
    await bench.store.endSession(hashOf('a'));
    expect(await find('a')).toBeNull();

    for (let i = 0; i < 21; i++) await open(`many ${i}`, 's1', later, new Date(now.getTime() + i * 1_000));
    expect(await find('many 0')).toBeNull();
    expect(await find('many 1')).not.toBeNull();
    await bench.store.revokeToken('s1', now);
    expect(await find('many 20')).toBeNull();
  });
}
