import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { Problem } from '../problem.ts'

const REFUSALS: Record<string, readonly [status: number, code: string, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'the headers are larger than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'the request did not arrive in time'],
}
const MALFORMED = [400, 'http_malformed', 'this is no well-formed HTTP/1.1 request'] as const

/**
 * Answers on a connection whose bytes did not become a request, so that no route and no hook sees
 * it: in the shape of RFC 9457, with an id and a log line like every other answer.
 * @param newRequestId draws the id; what the caller sent cannot be trusted to be read
 */
export function answerConnectionErrors(logger: FastifyBaseLogger, newRequestId: () => string) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    // Reset by the peer, or in the middle of an answer: there is nobody to tell.
    if (error.code === 'ECONNRESET' || !socket.writable || answering(socket)) {
      socket.destroy(error)
      return
    }
    const requestId = newRequestId()
    const [status, code, detail] = REFUSALS[error.code ?? ''] ?? MALFORMED
    const body = JSON.stringify(new Problem(status, code, detail).toBody(requestId))
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'cache-control: no-store',
      'connection: close',
    ]
    const address = socket.remoteAddress
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    logger.info(
      { request_id: requestId, route: 'unread', status, address, reason: code },
      'request',
    )
  }
}

function answering(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: { headersSent: boolean } }
  return message?.headersSent === true
}

/** Refuses HTTP/1.1 without Host (RFC 9112 §3.2) in our shape; Node would answer with an empty body. */
export function requireHost(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }: { raw: IncomingMessage }) => {
    if (raw.httpVersion === '1.1' && raw.headers.host === undefined) {
      throw new Problem(400, 'host_missing', 'send a Host header (RFC 9112 section 3.2)')
    }
  })
}
