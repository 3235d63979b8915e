import type { Origin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Database } from '../db/connect.ts'
import type { Client } from './client.ts'
import { acceptRegistration, type Registration } from './registration.ts'
import {
  type BrowserSettings,
  findClient,
  replaceBrowserSettings,
  reserveName,
  withoutSecrets,
} from './store.ts'

/**
 * Changes which pages may call a client and where its refresh token travels; what is left out stays.
 * Origins replace those before, unless they are to be added to them. Writes it down and returns the
 * client as it is then; undefined when there is none. Throws InvalidRegistration,
 * DatabaseUnavailable.
 */
export type ChangeClient = (
  clientId: string,
  change: Partial<BrowserSettings>,
  origin: Origin,
  how?: { addsOrigins: boolean },
) => Promise<Client | undefined>

export function createChangeClient(options: {
  database: Database
  recordEvents: RecordEvents
}): ChangeClient {
  const { database, recordEvents } = options
  return (clientId, change, origin, how) =>
    database.transaction(async (tx) => {
      // One change at a time: of two that add an origin, neither may be forgotten.
      await reserveName(tx, clientId)
      const found = await findClient(tx, clientId)
      if (found === undefined) return undefined
      const before = how?.addsOrigins ? found.allowedOrigins : []
      const origins = change.allowedOrigins && [...before, ...change.allowedOrigins]
      const client = {
        ...withoutSecrets(found),
        ...change,
        allowedOrigins: origins ?? found.allowedOrigins,
      }
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
