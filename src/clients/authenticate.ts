import type { Event, Origin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Gate } from '../base/gate.ts'
import { equalInConstantTime, sha256 } from '../base/hash.ts'
import type { Executor } from '../db/connect.ts'
import { OAuthError } from '../oauth/error.ts'
import { type Client, isPublic } from './client.ts'
import { authenticationFailed, type PresentedCredentials } from './credentials.ts'
import type { FindClient } from './find.ts'
import { type ClientWithSecrets, withoutSecrets } from './store.ts'

/**
 * Client authentication (RFC 6749 §2.3) by what `readCredentials` found. Returns the client; throws
 * `client_authentication_failed`, which is written down, what the gate throws, or DatabaseUnavailable.
 * @param gate counts failures, and refuses those that are too many
 * @param origin of the request
 */
export type AuthenticateClient = (
  presented: PresentedCredentials,
  gate: Gate,
  origin: Origin,
) => Promise<Client>

/** No client's secret has this hash: comparing with it gives an unknown client the same work. */
const DECOY_HASH = Buffer.alloc(32)

export function createAuthenticateClient(options: {
  db: Executor
  clock: Clock
  findClient: FindClient
  recordEvents: RecordEvents
}): AuthenticateClient {
  const { db, clock, findClient, recordEvents } = options

  /** Of whatever client: one that is unknown is told apart by no query, and no time that it takes. */
  const note = async ({ method }: PresentedCredentials, failure: Failure, origin: Origin) => {
    const event = { type: 'client.authentication_failed', method, ...failure } as const
    await recordEvents(db, origin, [event])
  }

  return async (presented, gate, origin) => {
    const client = await findClient(presented.clientId)
    const failed = () => authenticationFailed(presented.method === 'client_secret_basic')
    const isRight =
      presented.secret === undefined
        ? client !== undefined && isPublic(client)
        : isSecretOf(client, presented.secret, clock.now())
    // A disabled client is answered like one that is unknown: whoever asks need not learn of it.
    if (client === undefined || client.disabledAt !== undefined || !isRight) {
      // Asked only now: nobody guesses 256 random bits, and one instance with an old secret must not
      // keep out the others behind its address.
      await gate.pass()
      await gate.count()
      await note(presented, failureOf(client, presented, isRight), origin)
      throw failed()
    }
    if (presented.secret === undefined) return withoutSecrets(client)
    // Said only to a caller who knows the secret: it tells nothing to anybody else.
    if (client.authenticationMethod !== presented.method) {
      await note(presented, { clientId: client.clientId, why: 'wrong_method' }, origin)
      throw new OAuthError(
        'client_authentication_failed',
        `the secret is right, but this client is registered for ${client.authenticationMethod}`,
        failed().headers,
      )
    }
    return withoutSecrets(client)
  }
}

type Failure = Pick<Extract<Event, { type: 'client.authentication_failed' }>, 'clientId' | 'why'>

function failureOf(
  client: Client | undefined,
  { secret }: PresentedCredentials,
  isRight: boolean,
): Failure {
  if (client === undefined) return { clientId: undefined, why: 'unknown_client' }
  const { clientId, authenticationMethod } = client
  if (isRight) return { clientId, why: 'client_disabled' }
  const isPublicKind = authenticationMethod === 'none'
  const why = isPublicKind === (secret === undefined) ? 'wrong_secret' : 'wrong_method'
  return { clientId, why }
}

function isSecretOf(client: ClientWithSecrets | undefined, secret: string, now: number): boolean {
  const hash = sha256(secret)
  const matches = secretHashes(client, now).map((known) => equalInConstantTime(known, hash))
  return client !== undefined && matches.includes(true)
}

/** Always two hashes, whether the client, its secret or an earlier secret exists or not. */
function secretHashes(client: ClientWithSecrets | undefined, now: number): Buffer[] {
  const overlaps = (client?.previousSecretExpiresAt ?? 0) > now
  return [
    client?.secretHash ?? DECOY_HASH,
    (overlaps ? client?.previousSecretHash : undefined) ?? DECOY_HASH,
  ]
}
