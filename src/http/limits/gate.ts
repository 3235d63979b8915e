import type { FastifyRequest } from 'fastify'
import type { Gate } from '../../base/gate.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { Reason } from '../../oauth/reasons.ts'
import type { Bucket } from './bucket.ts'
import { type Level, tightest } from './level.ts'
import { noteFull, type Watch } from './watch.ts'

/** A bucket and the key that a request has in it. */
export type Place = readonly [bucket: Bucket, key: string]

/**
 * The gate of a request before these buckets: all of them must have room.
 * @param places asked for only where the gate is used, which most are not
 */
export function createGate(
  reason: Reason,
  request: FastifyRequest,
  watch: Watch,
  places: () => readonly Place[],
): Gate {
  return {
    async pass() {
      const levels = await Promise.all(places().map(([bucket, key]) => bucket.look(request, key)))
      watch.see(request, levels)
      const full = tightest(levels.filter((level) => level?.remaining === 0))
      if (full !== undefined) throw refusal(reason, full)
    },
    async count() {
      const levels = await Promise.all(places().map(([bucket, key]) => bucket.add(request, key)))
      watch.see(request, levels)
      noteFull(request, levels)
    },
  }
}

/** The same of one bucket that counts whoever passes. Throws when it had no room. */
export async function passCounted(
  request: FastifyRequest,
  watch: Watch,
  [bucket, key]: Place,
): Promise<void> {
  const level = await bucket.add(request, key)
  watch.see(request, [level])
  noteFull(request, [level])
  if (level?.exceeded) throw refusal('too_many_requests', level)
}

/** What the caller of a full bucket is told. */
export function refusal(reason: Reason, { what, resetSeconds }: Level): OAuthError {
  const advice =
    reason === 'too_many_refreshes' ? ', and keep your tokens: they are not touched' : ''
  return new OAuthError(reason, `too many ${what}; try again in ${resetSeconds} s${advice}`, {
    'retry-after': `${resetSeconds}`,
  })
}
