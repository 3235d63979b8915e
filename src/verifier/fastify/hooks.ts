import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'

/** A hook that answers itself or lets pass. */
export type OnRequest = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** The stages at which a request may be guarded. */
const STAGES = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

/** The hooks that a route has of its own, and those of the scope that it is in. */
export function hooksOf(route: RouteOptions, instance: FastifyInstance): object[] {
  const ofScope = scopeHooks(instance)
  return STAGES.flatMap((stage) => [ofScope?.[stage] ?? [], route[stage] ?? []].flat())
}

/**
 * Fastify tells nobody which hooks a scope has; they lie under a symbol. Should it ever have another name,
 * routes that are guarded by their scope are described as open, and stay guarded.
 */
function scopeHooks(instance: FastifyInstance): Record<string, object[]> | undefined {
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at)) {
    const symbol = Object.getOwnPropertySymbols(at).find(
      ({ description }) => description === 'fastify.hooks',
    )
    if (symbol !== undefined) return (at as Record<symbol, Record<string, object[]>>)[symbol]
  }
  return undefined
}
