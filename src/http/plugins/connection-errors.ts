import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { addressOf, readAddress } from '../address.ts'
import { toOAuthBody, toProblem } from '../failure.ts'

/** By Node's code for what went wrong. */
const FAILURES: Record<string, OAuthError> = {
  HPE_HEADER_OVERFLOW: new OAuthError('headers_too_large', 'the headers are larger than 16 KiB'),
  ERR_HTTP_REQUEST_TIMEOUT: new OAuthError('request_timeout', 'the request did not arrive in time'),
}
const NO_REQUEST = new OAuthError('http_malformed', 'this is no well-formed HTTP/1.1 request')
const BROKEN_BODY = new OAuthError('body_malformed', 'the body broke off, or its framing is wrong')

/**
 * Answers what goes wrong on a connection itself, where no handler sees it, like everything else: in
 * the shape of its route, with an id and one line in the log.
 * @param newRequestId draws the id of bytes that never became a request
 */
export function createConnectionErrors(logger: FastifyBaseLogger, newRequestId: () => string) {
  /** Requests whose headers were read and which have not been answered. */
  const open = new WeakMap<Socket, FastifyRequest>()

  return {
    /** For Fastify's `clientErrorHandler`. */
    answer(error: NodeJS.ErrnoException, socket: Socket): void {
      const request = open.get(socket)
      // Reset by the peer, or in the middle of an answer: there is nobody to tell.
      if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
        socket.destroy(error)
        return
      }
      open.delete(socket)
      const requestId = request?.id ?? newRequestId()
      const failure = FAILURES[error.code ?? ''] ?? (request ? BROKEN_BODY : NO_REQUEST)
      const { status, reason } = failure
      const isOAuth = request?.routeOptions.config.errorShape === 'oauth'
      const body = JSON.stringify(
        isOAuth ? toOAuthBody(failure, requestId) : toProblem(failure).toBody(requestId),
      )
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        `content-type: application/${isOAuth ? '' : 'problem+'}json`,
        `content-length: ${Buffer.byteLength(body)}`,
        `x-request-id: ${requestId}`,
        'cache-control: no-store',
        'connection: close',
      ]
      socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
      const address = readAddress(socket.remoteAddress)
      const unread = { request_id: requestId, route: 'unread', address }
      const about = request === undefined ? unread : describe(request)
      const log = request?.log ?? logger
      log.info({ ...about, status, reason }, 'request')
    },

    /** Keeps account of the requests of an app. To be called before any hook that waits. */
    watch(app: FastifyInstance): void {
      app.addHook('onRequest', (request, _reply, done) => {
        open.set(request.raw.socket, request)
        done()
      })
      app.addHook('onResponse', async (request) => {
        open.delete(request.raw.socket)
      })
      app.addHook('onRequestAbort', async (request) => {
        // Of a request whose body never came in whole there is no response; any other still has one.
        if (request.raw.complete || !open.delete(request.raw.socket)) return
        request.log.info({ ...describe(request), reason: 'aborted_by_caller' }, 'request')
      })
    },
  }
}

function describe(request: FastifyRequest) {
  const { method, routeOptions } = request
  return { method, route: routeOptions.url ?? 'unmatched', address: addressOf(request) }
}

function isAnswering(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: { headersSent: boolean } }
  return message?.headersSent === true
}
