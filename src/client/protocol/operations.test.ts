import { expect, test } from 'vitest';
import { createApiBench } from '../../api/api.fixture.ts';
import { ROUTES } from './operations.ts';
import { type Description, writeOperations } from './write-operations.ts';

async function describeApi(): Promise<Description> {
  const { app } = await createApiBench();
  return (await (await app.request('/openapi.json')).json()) as Description;
}

test('the typed client is what the description says', async () => {
  await expect(writeOperations(await describeApi())).toMatchFileSnapshot('operations.ts');
});

test('it has every call, each under one name', async () => {
  const { paths } = await describeApi();
  const lines = Object.entries(paths).flatMap(([path, calls]) =>
    Object.keys(calls).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(
    Object.values(ROUTES)
      .map((route) => route.join(' '))
      .toSorted(),
  ).toEqual(lines.toSorted());
});
