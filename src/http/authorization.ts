import type { FastifyRequest } from 'fastify'

/** How many Authorization headers a request has; Node's `headers` shows the first alone. */
export function countAuthorizations(request: FastifyRequest): number {
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  return names.filter((name) => name.toLowerCase() === 'authorization').length
}
