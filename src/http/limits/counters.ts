import rateLimit, { type RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { RedisAddress } from '../../config/readers.ts'
import type { RedisLog } from './redis.ts'

/** Makes what counts under one limit, in one place. */
type CreateCounter = FastifyInstance['createRateLimit']

/** Where is counted. */
export interface Counters {
  /** This replica's own counters, in memory. */
  readonly own: CreateCounter
  /** Those of all replicas, if they share any. */
  readonly shared: SharedCounters | undefined
}

/** Counters in Redis, which may be away. */
export interface SharedCounters {
  readonly create: CreateCounter
  /** Asks them; undefined while they are away, and at the question that finds out. Never throws. */
  use<T>(ask: () => Promise<T>): Promise<T | undefined>
}

/** Opens the counters; the shared ones are closed with the app. Does not fail without Redis. */
export async function openCounters(
  app: FastifyInstance,
  options: { redisUrl: RedisAddress | undefined; issuer: string; logger: RedisLog },
): Promise<Counters> {
  const own = await openStore(app, { global: false })
  if (options.redisUrl === undefined) return { own, shared: undefined }
  // Loaded only here: without a REDIS_URL its client would be 45 ms and 20 MB of every start for nothing.
  const { connectRedis } = await import('./redis.ts')
  // Two deployments may have one Redis.
  const nameSpace = `mintmark ${options.issuer} `
  const { client, use, close } = await connectRedis(options.redisUrl, nameSpace, options.logger)
  app.addHook('onClose', async () => close())
  const create = await openStore(app, { global: false, redis: client, nameSpace })
  return { own, shared: { create, use } }
}

/** In a scope of its own, as the plugin knows one store a scope. */
async function openStore(
  app: FastifyInstance,
  options: RateLimitPluginOptions,
): Promise<CreateCounter> {
  let opened = app
  await app.register((scope, _options, done) => {
    opened = scope
    scope.register(rateLimit, options)
    done()
  })
  return opened.createRateLimit
}
