import type { FastifyRequest } from 'fastify'

/** How often a request has that header (its name in lower case); Node shows the first alone. */
export function countHeader(request: FastifyRequest, header: string): number {
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  return names.filter((name) => name.toLowerCase() === header).length
}
