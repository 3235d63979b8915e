import type pg from 'pg'
import { cancel } from './cancel.ts'
import { classify, DatabaseUnavailable, isReadOnly, isUnanswered } from './failure.ts'
import { createConnect, isLimitedByServer } from './parameters.ts'
import { retryConflicts } from './transaction.ts'

/**
 * Takes connections out of a pool. They classify errors and, once one failed as a connection, it is
 * destroyed on release: returned plainly, it would fail its next borrower too. Whatever keeps us from
 * connecting, be it a wrong password or a database that takes no connections, is the operator's
 * trouble and no caller's. A statement that stands alone is tried again when it lost a conflict; one
 * of a transaction cannot be, that is for the transaction to do.
 *
 * When one finds that its server takes no writes any more, none that was open by then is handed out
 * again: another server may have become the primary, and what the old one answers may be stale.
 *
 * A statement that nobody waits for any more is cancelled where the server has no limit of its own.
 * @param onUnlimited hears, once, that a pooler keeps us from giving it one
 */
export function createAcquire(
  pool: pg.Pool,
  onUnlimited: () => void,
): () => Promise<pg.PoolClient> {
  const connect = createConnect(pool, onUnlimited)
  let epoch = 0
  const epochs = new WeakMap<pg.PoolClient, number>()
  pool.on('connect', (client) => epochs.set(client, epoch))

  const take = async (): Promise<pg.PoolClient> => {
    for (;;) {
      const client = await connect().catch((error: unknown) => {
        throw new DatabaseUnavailable(error, false)
      })
      if (epochs.get(client) === epoch) return client
      client.release(true)
    }
  }

  return async () => {
    const client = await take()
    let broken: Error | undefined
    const note = (error: Error) => {
      broken = error
    }
    client.on('error', note)
    const ask = async (parameters: Parameters<pg.PoolClient['query']>) => {
      try {
        return await client.query(...parameters)
      } catch (error) {
        // Of those that find it, one speaks for all that were open with it.
        if (isReadOnly(error) && epochs.get(client) === epoch) epoch += 1
        if (isUnanswered(error) && !isLimitedByServer(pool)) await cancel(client)
        const classified = classify(error)
        if (classified !== error) broken = classified as Error
        throw classified
      }
    }
    return {
      query: (...parameters: Parameters<pg.PoolClient['query']>) =>
        client.getTransactionStatus() === 'I'
          ? retryConflicts(() => ask(parameters))
          : ask(parameters),
      release: () => {
        client.off('error', note)
        client.release(broken)
      },
    } as pg.PoolClient
  }
}
