import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'

/** Makes what counts under one limit, in one place. */
type CreateCounter = FastifyInstance['createRateLimit']

/** Where is counted. */
export interface Counters {
  /** This replica's own counters, in memory. */
  readonly own: CreateCounter
}

/** Opens the counters. */
export async function openCounters(app: FastifyInstance): Promise<Counters> {
  await app.register(rateLimit, { global: false })
  return { own: app.createRateLimit }
}
