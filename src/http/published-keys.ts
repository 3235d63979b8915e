import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { jwksMaxAge, type KeyTiming } from '../config/key-timing.ts'
import type { JwksDocument } from '../keys/jwks.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { cacheControl, isFresh, maxAgeUntil } from './cache.ts'
import { RETRY_AFTER } from './failure.ts'
import { Problem } from './problem.ts'

/** What it takes to answer with keys. */
export interface PublishedKeysOptions {
  readonly keyRing: KeyRing
  readonly keyTiming: KeyTiming
  readonly clock: Clock
}

/** The set of keys, as new as it is to be had. Throws the 503 of a service that has none yet. */
export async function requirePublished(keyRing: KeyRing): Promise<JwksDocument> {
  await keyRing.freshen()
  const jwks = keyRing.jwks()
  if (jwks !== undefined) return jwks
  throw new Problem(503, 'not_ready', 'the service is not ready yet; try again', RETRY_AFTER)
}

/** Sends a part of the set, to be kept for no longer than the set is what it is; or 304. */
export function sendPublished(
  request: FastifyRequest,
  reply: FastifyReply,
  { keyRing, keyTiming, clock }: PublishedKeysOptions,
  part: { body: string; etag: string; mediaType: string; changesAt: number | undefined },
): FastifyReply {
  const { etag } = part
  const maxAge = maxAgeUntil(jwksMaxAge(keyTiming), part.changesAt, clock.now())
  // What a replica remembers may have changed: nobody is to go by it for longer than it says.
  const caching = keyRing.loaded
    ? cacheControl(maxAge, keyTiming.verifierCacheTtlSeconds)
    : `public, max-age=${maxAge}`
  reply.headers({ etag, 'cache-control': caching })
  if (isFresh(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type(part.mediaType).send(part.body)
}
