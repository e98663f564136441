import type { TokenStore } from '../core/ports/tokens.ts';
import type { Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { authenticate, createToken, listTokens, revokeToken } from './statements/tokens.ts';
import { withEvent } from './with-event.ts';

export function createTokenStore(pool: Pool): TokenStore {
  return {
    authenticate: (tokenHash) => readOnce(pool, (connection) => authenticate(connection, tokenHash)),
    createToken: (token, event) => withEvent(pool, event, (connection) => createToken(connection, token)),
    listTokens: () => readOnce(pool, listTokens),
    revokeToken: (id, at, event) => withEvent(pool, event, (connection) => revokeToken(connection, id, at)),
  };
}
