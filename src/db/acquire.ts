import type pg from 'pg'
import { classify, DatabaseUnavailable, isReadOnly } from './failure.ts'
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
 */
export function createAcquire(pool: pg.Pool): () => Promise<pg.PoolClient> {
  let epoch = 0
  const epochs = new WeakMap<pg.PoolClient, number>()
  pool.on('connect', (client) => epochs.set(client, epoch))

  const take = async (): Promise<pg.PoolClient> => {
    for (;;) {
      const client = await pool.connect().catch((error: unknown) => {
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
