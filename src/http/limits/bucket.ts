import type { FastifyRequest } from 'fastify'
import type { Limit } from '../../config/limit.ts'
import type { Counters } from './counters.ts'
import { type Level, tightest } from './level.ts'

/** A limit for one purpose, which counts each key by itself. Without a limit there are no levels. */
export interface Bucket {
  /** How full it is for that key; counts nothing. */
  look(request: FastifyRequest, key: string): Promise<Level | undefined>
  /** Counts one for that key, and says how full it is then. */
  add(request: FastifyRequest, key: string): Promise<Level | undefined>
  /** Counts one for that key that another worker has met. */
  addElsewhere(key: string): void
}

/** Keys that one bucket remembers in memory; the one not seen for longest is forgotten first. */
const KEYS_KEPT = 50_000

type Ask = ReturnType<Counters['own']>

/**
 * @param options.name tells it from the others, here and in the header fields
 * @param options.what it counts, as {@link Level} says it
 */
export function createBucket(options: {
  name: string
  what: string
  limit: Limit | 'off'
  counters: Counters
}): Bucket {
  const { name, what, limit, counters } = options
  if (limit === 'off') {
    return { look: async () => undefined, add: async () => undefined, addElsewhere: () => {} }
  }
  const { count, windowSeconds } = limit
  const keys = new WeakMap<FastifyRequest, string>()
  const settings = {
    max: count,
    timeWindow: windowSeconds * 1000,
    cache: KEYS_KEPT,
    keyGenerator: (request: FastifyRequest) => `${name} ${keys.get(request)}`,
  }
  const { shared } = counters
  const askOwn = counters.own(settings)
  const askShared = shared?.create(settings)

  const read = async (answer: ReturnType<Ask>): Promise<Level | undefined> => {
    const found = await answer
    if (found.isAllowed) return undefined
    const { remaining, isExceeded: exceeded, ttlInSeconds } = found
    // An untouched window has not begun.
    const resetSeconds = remaining === count ? windowSeconds : Math.max(1, ttlInSeconds)
    return { bucket: name, what, limit: count, windowSeconds, remaining, resetSeconds, exceeded }
  }
  const ask = async (request: FastifyRequest, key: string, how?: { increment: false }) => {
    // Read at once, when the limiter begins.
    keys.set(request, key)
    const own = read(askOwn(request, how))
    const common = askShared && shared?.use(() => read(askShared(request, how)))
    // Both count everything, so whichever is left goes on from where it was.
    return tightest([await own, await common])
  }
  return {
    look: (request, key) => ask(request, key, { increment: false }),
    add: (request, key) => ask(request, key),
    addElsewhere(key) {
      const request = { routeOptions: {} } as FastifyRequest
      keys.set(request, key)
      void askOwn(request)
    },
  }
}
