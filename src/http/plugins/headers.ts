import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'

/** How often a request has that header (its name in lower case); Node shows the first alone. */
export function countHeader(request: FastifyRequest, header: string): number {
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  return names.filter((name) => name.toLowerCase() === header).length
}

/**
 * Wants one Host (RFC 9112 §3.2) and a version that is spoken here, where Node would answer in a shape
 * of its own or not notice, and no two media types, of which Node would show the first and a proxy may
 * have judged by the other.
 */
export function refuseAmbiguousHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { httpVersion, headers } = request.raw
    // Node reads no more requests after one that asks for another protocol.
    if (headers.upgrade !== undefined) reply.header('connection', 'close')
    if (!SPOKEN.includes(httpVersion)) {
      throw new OAuthError('http_malformed', 'send HTTP/1.1 or HTTP/1.0', CLOSE)
    }
    const hosts = countHeader(request, 'host')
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
      throw new OAuthError('host_invalid', 'send one Host header (RFC 9112 section 3.2)', CLOSE)
    }
    if (headers.host !== undefined && !HOST.test(headers.host)) {
      throw new OAuthError('host_invalid', 'the Host header names no host', CLOSE)
    }
    if (countHeader(request, 'content-type') > 1) {
      throw new OAuthError('content_type_unsupported', 'two Content-Type headers came; send one')
    }
  })
}

/** Host = uri-host [ ":" port ] (RFC 9110 §7.2); none at all is for schemes without authorities. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i

const SPOKEN = ['1.0', '1.1']

/** Who frames requests in a way of his own may have sent another behind this one. */
const CLOSE = { connection: 'close' }

/** A compressed body would be read as it stands; here it is refused by name (RFC 9110 §15.5.16). */
export function refuseEncodedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const transfer = request.headers['transfer-encoding'] ?? 'chunked'
    if (transfer.toLowerCase() !== 'chunked') {
      const message = 'no Transfer-Encoding but chunked is known here (RFC 9112 section 6.1)'
      throw new OAuthError('transfer_encoding_unsupported', message, CLOSE)
    }
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
      throw new OAuthError(
        'client_authentication_ambiguous',
        'two Authorization headers came; send one',
      )
    }
  })
}
