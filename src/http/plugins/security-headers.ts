import type { FastifyInstance } from 'fastify'

/**
 * What every answer tells a browser, whoever writes it: take the media type at its word, send our
 * addresses nowhere, and neither run nor frame anything of ours. Swagger UI, which is made to run,
 * has a policy of its own.
 * @param issuer over https, browsers are told to come by nothing else for two years (RFC 6797)
 */
export function securityHeaders(issuer: string): Readonly<Record<string, string>> {
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    ...(issuer.startsWith('https:') && { 'strict-transport-security': 'max-age=63072000' }),
  }
}

/** Puts the header fields on every answer. To be called before any hook that can refuse. */
export function sendOnEveryAnswer(
  app: FastifyInstance,
  headers: Readonly<Record<string, string>>,
): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers)
  })
}
