import type { Clock } from '../base/clock.ts'
import type { Gate } from '../base/gate.ts'
import { equalInConstantTime, sha256 } from '../base/hash.ts'
import type { Executor } from '../db/connect.ts'
import { OAuthError } from '../oauth/error.ts'
import { type Client, isPublic } from './client.ts'
import { authenticationFailed, type PresentedCredentials } from './credentials.ts'
import { type ClientWithSecrets, findClient, withoutSecrets } from './store.ts'

/**
 * Client authentication (RFC 6749 §2.3) by what `readCredentials` found. Returns the client; throws
 * `client_authentication_failed`, what the gate throws, or DatabaseUnavailable.
 * @param gate counts failures, and refuses those that are too many
 */
export type AuthenticateClient = (presented: PresentedCredentials, gate: Gate) => Promise<Client>

/** No client's secret has this hash: comparing with it gives an unknown client the same work. */
const DECOY_HASH = Buffer.alloc(32)

export function createAuthenticateClient(options: {
  db: Executor
  clock: Clock
}): AuthenticateClient {
  return async (presented, gate) => {
    const client = await findClient(options.db, presented.clientId)
    const failed = authenticationFailed(presented.method === 'client_secret_basic')
    const isRight =
      presented.secret === undefined
        ? client !== undefined && isPublic(client)
        : isSecretOf(client, presented.secret, options.clock.now())
    // A disabled client is answered like one that is unknown: whoever asks need not learn of it.
    if (client === undefined || client.disabledAt !== undefined || !isRight) {
      // Asked only now: nobody guesses 256 random bits, and one instance with an old secret must not
      // keep out the others behind its address.
      await gate.pass()
      await gate.count()
      throw failed
    }
    if (presented.secret === undefined) return withoutSecrets(client)
    // Said only to a caller who knows the secret: it tells nothing to anybody else.
    if (client.authenticationMethod !== presented.method) {
      throw new OAuthError(
        'client_authentication_failed',
        `the secret is right, but this client is registered for ${client.authenticationMethod}`,
        failed.headers,
      )
    }
    return withoutSecrets(client)
  }
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
