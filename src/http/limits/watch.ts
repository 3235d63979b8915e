import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addressOf } from '../address.ts'
import { type Level, tightest, toFields } from './level.ts'

/** What the answer to a request says of its limits. */
export interface Watch {
  /** Takes note of levels that the caller may know of. */
  see(request: FastifyRequest, levels: readonly (Level | undefined)[]): void
}

/** Tells every answer the tightest of the levels that its request came upon. */
export function createWatch(app: FastifyInstance): Watch {
  const seen = new WeakMap<FastifyRequest, Map<string, Level>>()
  app.addHook('onSend', async (request, reply) => {
    const level = tightest(seen.get(request)?.values() ?? [])
    if (level !== undefined) reply.headers(toFields(level))
  })
  return {
    see(request, levels) {
      const known = seen.get(request) ?? new Map<string, Level>()
      seen.set(request, known)
      // The later look at a bucket is the one that counts.
      for (const level of levels) if (level !== undefined) known.set(level.bucket, level)
    },
  }
}

/** One line in the log at the moment when a bucket becomes full, and none for what it then refuses. */
export function noteFull(request: FastifyRequest, levels: readonly (Level | undefined)[]): void {
  for (const level of levels) {
    if (level === undefined || level.remaining > 0 || level.exceeded) continue
    const { bucket, limit, resetSeconds: reset_s } = level
    request.log.warn({ bucket, limit, reset_s, address: addressOf(request) }, 'a limit was reached')
  }
}
