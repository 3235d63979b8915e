import type { Actor } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Database, Executor } from '../db/connect.ts'
import type { Client } from './client.ts'
import { acceptRegistration, type Registration } from './registration.ts'
import { drawClientSecret } from './secret.ts'
import { addClient, findClient, reserveName, withoutSecrets } from './store.ts'

/** The client_id is the `sub` of a user or of a live session. */
export class ClientIdIsSubject extends Error {
  override readonly name = 'ClientIdIsSubject'
}

/**
 * Registers a client and writes it down. The secret, of a confidential client alone, is told this
 * once. Throws InvalidRegistration, ClientExists, ClientIdIsSubject, DatabaseUnavailable.
 */
export type RegisterClient = (
  registration: Registration,
  actor: Actor,
) => Promise<{ client: Client; secret: string | undefined }>

export function createRegisterClient(options: {
  database: Database
  clock: Clock
  random: Random
  recordEvents: RecordEvents
  /** Whether a text is somebody's `sub` at that time. */
  isSubject: (tx: Executor, text: string, now: number) => Promise<boolean>
}): RegisterClient {
  const { database, clock, random, recordEvents, isSubject } = options
  return async (given, actor) => {
    const registration = acceptRegistration(given)
    const { clientId } = registration
    const isPublic = registration.authenticationMethod === 'none'
    const drawn = isPublic ? undefined : drawClientSecret(random)
    return database.transaction(async (tx) => {
      const now = clock.now()
      await reserveName(tx, clientId)
      // Its tokens for itself carry the client_id as sub (RFC 9068 section 2.2).
      if (await isSubject(tx, clientId, now)) {
        throw new ClientIdIsSubject(
          `${clientId} is the sub of a user or of a live session: a client of that id could pass for them`,
        )
      }
      await addClient(tx, registration, drawn?.hash ?? null, now)
      await recordEvents(tx, actor.origin, [{ type: 'client.created', clientId, by: actor.by }])
      const client = await findClient(tx, clientId)
      if (client === undefined) throw new Error(`client ${clientId} is gone`)
      return { client: withoutSecrets(client), secret: drawn?.secret }
    })
  }
}
