import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { runOrion } from './fake-api.fixture.ts';

let server: ScratchServer;

beforeAll(async () => {
  server = await startScratchServer();
});

afterAll(async () => {
  await server.stop();
});

test('the first tokens are made in the database itself', async () => {
  const env = { ORION_DATABASE_URL: await server.createDatabase() };
  for (const _ of ['empty', 'already there']) {
    expect(await runOrion(['migrate'], env)).toMatchObject({ code: 0, out: '' });
  }

  const made = await runOrion(['token', 'create', '--tenant', 'demo', '--name', 'ci', '-o', 'json'], env);
  expect(made.code).toBe(0);
  const { id, token, ...rest } = JSON.parse(made.out);
  expect(rest).toEqual({ tenant: 'demo', role: 'tenant' });
  expect(token).toMatch(/^orion_/);

  const listed = await runOrion(['token', 'list'], env);
  expect(listed.out).toMatch(new RegExp(`^ID .*\n${id} +demo +tenant +ci +- +`));
  expect(listed.out).not.toContain(token);

  expect(await runOrion(['token', 'revoke', id], env)).toMatchObject({
    code: 0,
    out: `token/${id} revoked\n`,
  });
  expect((await runOrion(['token', 'list'], env)).out).toContain('revoked');
  expect(await runOrion(['token', 'revoke', 'nothere'], env)).toMatchObject({
    code: 1,
    err: 'error: there is no valid token nothere\n',
  });
});

test('a database that is not there is one sentence', async () => {
  const env = { ORION_DATABASE_URL: 'mysql://root@localhost/orion?socketPath=/no/such.sock' };
  const ran = await runOrion(['token', 'list'], env);
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/^error: .*\nhint: does ORION_DATABASE_URL name .*\n$/);
});
