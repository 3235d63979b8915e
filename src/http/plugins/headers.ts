import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'

/** How often a request has that header (its name in lower case); Node shows the first alone. */
export function countHeader(request: FastifyRequest, header: string): number {
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  return names.filter((name) => name.toLowerCase() === header).length
}

/**
 * Wants one Host (RFC 9112 §3.2), where Node would answer in a shape of its own, and no two media
 * types, of which Node would show the first and a proxy may have judged by the other.
 */
export function refuseAmbiguousHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const hosts = countHeader(request, 'host')
    if (hosts > 1 || (hosts === 0 && request.raw.httpVersion === '1.1')) {
      throw new OAuthError('host_invalid', 'send one Host header (RFC 9112 section 3.2)')
    }
    if (countHeader(request, 'content-type') > 1) {
      throw new OAuthError('content_type_unsupported', 'send one Content-Type header')
    }
  })
}

/** A compressed body would be read as it stands; here it is refused by name (RFC 9110 §15.5.16). */
export function refuseEncodedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const encoding = request.headers['content-encoding'] ?? 'identity'
    if (encoding.toLowerCase() !== 'identity') {
      throw new OAuthError(
        'content_encoding_unsupported',
        'send the body without Content-Encoding',
        {
          'accept-encoding': 'identity',
        },
      )
    }
  })
}

/**
 * Node keeps the first of two Authorization headers and says nothing; a proxy may have looked at the
 * other one.
 */
export function refuseTwoAuthorizations(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (countHeader(request, 'authorization') > 1) {
      throw new OAuthError('client_authentication_ambiguous', 'send one Authorization header')
    }
  })
}
