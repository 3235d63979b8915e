import { cookieProblems } from '../clients/cookie-problems.ts'
import { listClients } from '../clients/store.ts'
import type { Executor } from '../db/connect.ts'

/**
 * Logs, for each client whose refresh token cookie cannot work with this issuer, why. The service
 * starts all the same: one client that was registered wrongly must not take the others down.
 * Throws DatabaseUnavailable.
 */
export async function reportImpossibleCookies(options: {
  db: Executor
  issuer: string
  logger: { warn(fields: object, message: string): void }
}): Promise<void> {
  const { db, issuer, logger } = options
  for (const client of await listClients(db)) {
    for (const problem of cookieProblems(client, issuer)) {
      logger.warn({ client_id: client.clientId, problem }, 'a cookie that cannot work')
    }
  }
}
