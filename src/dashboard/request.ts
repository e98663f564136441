import { ApiError } from '../client/protocol/errors.ts';

/** Like fetch, but any answer except success is thrown as an ApiError. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (response.ok) return response;
  const { status, statusText, headers } = response;
  const body: unknown = await response.json().catch(() => null);
  throw new ApiError(status, statusText, body, headers.get('retry-after') ?? undefined);
}
