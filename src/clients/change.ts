import type { Origin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Database } from '../db/connect.ts'
import type { Client } from './client.ts'
import { acceptRegistration, type Registration } from './registration.ts'
import {
  type BrowserSettings,
  findClient,
  replaceBrowserSettings,
  withoutSecrets,
} from './store.ts'

/**
 * Changes which pages may call a client and where its refresh token travels; what is left out stays.
 * Writes it down and returns the client as it is then; undefined when there is none. Throws
 * InvalidRegistration, DatabaseUnavailable.
 */
export type ChangeClient = (
  clientId: string,
  change: Partial<BrowserSettings>,
  origin: Origin,
) => Promise<Client | undefined>

export function createChangeClient(options: {
  database: Database
  recordEvents: RecordEvents
}): ChangeClient {
  const { database, recordEvents } = options
  return (clientId, change, origin) =>
    database.transaction(async (tx) => {
      const found = await findClient(tx, clientId)
      if (found === undefined) return undefined
      const client = { ...withoutSecrets(found), ...change }
      const { allowedOrigins = [], refreshTokenIn = 'body' } = acceptRegistration(
        toRegistration(client),
      )
      await replaceBrowserSettings(tx, clientId, { allowedOrigins, refreshTokenIn })
      await recordEvents(tx, origin, [{ type: 'client.changed', clientId }])
      return { ...client, allowedOrigins, refreshTokenIn }
    })
}

/** The client as it would be registered anew, so that a change is held to the same rules. */
function toRegistration(client: Client): Registration {
  const { audience, grantTypes, scope, introspects, roles, claims, lifetimes } = client
  return {
    ...client,
    ...lifetimes,
    grantTypes: [...grantTypes],
    scope: [...scope],
    audience: audience.map((one) => one.audience),
    introspects: [...introspects],
    allowedOrigins: [...client.allowedOrigins],
    roles: [...roles],
    claims: { ...claims },
  }
}
