import type { Actor } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Database } from '../db/connect.ts'
import type { Client, Lifetimes, RefreshSettings } from './client.ts'
import { acceptRegistration, type Registration } from './registration.ts'
import {
  type ClientSettings,
  findClient,
  replaceSettings,
  reserveName,
  toSettingsRow,
  withoutSecrets,
} from './store.ts'

/** What is to change; of lifetimes and windows, too, what is left out stays. */
export type SettingsChange = Partial<
  Omit<ClientSettings, 'lifetimes' | 'refresh'> & {
    lifetimes: Partial<Lifetimes>
    refresh: Partial<RefreshSettings>
  }
>

/**
 * Changes the settings of a client; what is left out stays, and what is undefined goes back to the
 * configuration's. Origins replace those before, unless they are to be added to them. Writes down
 * which settings changed and returns the client as it is then; undefined when there is none. Throws InvalidRegistration,
 * DatabaseUnavailable.
 */
export type ChangeClient = (
  clientId: string,
  change: SettingsChange,
  actor: Actor,
  how?: { addsOrigins: boolean },
) => Promise<Client | undefined>

export function createChangeClient(options: {
  database: Database
  recordEvents: RecordEvents
}): ChangeClient {
  const { database, recordEvents } = options
  return (clientId, change, actor, how) =>
    database.transaction(async (tx) => {
      // One change at a time: of two that add an origin, neither may be forgotten.
      await reserveName(tx, clientId)
      const found = await findClient(tx, clientId)
      if (found === undefined) return undefined
      const before = how?.addsOrigins ? found.allowedOrigins : []
      const origins = change.allowedOrigins && [...before, ...change.allowedOrigins]
      const changed = {
        ...withoutSecrets(found),
        ...change,
        lifetimes: { ...found.lifetimes, ...change.lifetimes },
        refresh: { ...found.refresh, ...change.refresh },
        allowedOrigins: origins ?? found.allowedOrigins,
      }
      const { allowedOrigins = [] } = acceptRegistration(toRegistration(changed))
      const client = { ...changed, allowedOrigins }
      await replaceSettings(tx, clientId, client)
      await recordEvents(tx, actor.origin, [
        { type: 'client.changed', clientId, changed: changedSettings(found, client), by: actor.by },
      ])
      return client
    })
}

/** The names of the settings that are others than before. */
function changedSettings(before: ClientSettings, after: ClientSettings): string[] {
  const was = Object.entries(toSettingsRow(before))
  const is = Object.values(toSettingsRow(after))
  const isOther = ([, value]: [string, unknown], n: number) =>
    JSON.stringify(value) !== JSON.stringify(is[n])
  return was.filter(isOther).map(([name]) => name)
}

/** The client as it would be registered anew, so that a change is held to the same rules. */
function toRegistration(client: Client): Registration {
  const { audience, grantTypes, scope, introspects, roles, claims, lifetimes, refresh } = client
  return {
    ...client,
    ...lifetimes,
    refreshRetryWindowSeconds: refresh.retryWindowSeconds,
    refreshRecoveryWindowSeconds: refresh.recoveryWindowSeconds,
    refreshRecovery: refresh.recovery,
    grantTypes: [...grantTypes],
    scope: [...scope],
    audience: audience.map((one) => one.audience),
    introspects: [...introspects],
    allowedOrigins: [...client.allowedOrigins],
    roles: [...roles],
    claims: { ...claims },
  }
}
