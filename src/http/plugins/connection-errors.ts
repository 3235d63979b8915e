import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../base/clock.ts'
import { OAuthError, quotable } from '../../oauth/error.ts'
import { addressOf, readAddress } from '../address.ts'
import { writeAnswer } from '../raw-answer.ts'
import { type ParserError, type RequestLine, readRequestLine } from '../request-line.ts'
import type { Wording } from '../wording.ts'
import type { RouteTable } from './route-table.ts'
import { listenOnConnections } from './servers.ts'
import { URL_LIMIT, URL_TOO_LONG } from './urls.ts'

const HEADERS_TOO_LARGE = new OAuthError('headers_too_large', 'the headers are larger than 16 KiB')
const TOO_SLOW = new OAuthError('request_timeout', 'the request did not arrive in time')
const BROKEN_BODY = new OAuthError('body_malformed', 'the body broke off, or its framing is wrong')
const NO_REQUEST = new OAuthError('http_malformed', 'this is no well-formed HTTP/1.1 request')
const RAW_URL = new OAuthError(
  'url_malformed',
  'the URL must begin with a / and hold no character that is to be percent-encoded',
)

/** What came over a connection. */
interface Connection {
  /** The answers that are still to be given. */
  readonly open: Set<FastifyReply>
  latest?: FastifyReply
  /** What it is told once all of them have been given. */
  last?: () => void
}

/**
 * Answers what goes wrong on a connection itself, where no handler sees it, like everything else: in
 * the shape of its route, with an id and one line in the log.
 * @param sharingHeaders what a page of that origin needs to read an answer
 * @param headers those of every answer
 * @param newRequestId draws the id of bytes that never became a request
 */
export function createConnectionErrors(options: {
  logger: FastifyBaseLogger
  clock: Clock
  sharingHeaders: (origin: string | undefined) => Record<string, string>
  headers: Readonly<Record<string, string>>
  wording: Wording
  newRequestId: () => string
}) {
  const connections = new WeakMap<Duplex, Connection>()
  let routes: RouteTable | undefined

  const connectionOf = (socket: Duplex) => {
    const connection = connections.get(socket) ?? { open: new Set() }
    connections.set(socket, connection)
    return connection
  }

  const tell = (
    socket: Duplex,
    failure: OAuthError,
    { reply, line }: { reply?: FastifyReply | undefined; line?: RequestLine | undefined },
  ) => {
    const request = reply?.request
    const requestId = request?.id ?? options.newRequestId()
    const headers = {
      ...options.headers,
      // The hooks that share answers may not have had their turn.
      ...options.sharingHeaders(request?.headers.origin ?? line?.origin),
      date: new Date(options.clock.now()).toUTCString(),
    }
    const isOAuth = request
      ? request.routeOptions.config.errorShape === 'oauth'
      : line !== undefined && routes?.isOAuth(line.method, line.target) === true
    writeAnswer(socket, failure, { requestId, isOAuth, headers, wording: options.wording })
    const { status, reason } = failure
    const address = readAddress((socket as Duplex & { remoteAddress?: string }).remoteAddress)
    const unread = { request_id: requestId, route: 'unread', address }
    const about = request === undefined ? unread : describe(request)
    const log = request?.log ?? options.logger
    log.info({ ...about, status, reason }, 'request')
  }

  /** For `clientError`. */
  const answer = (error: ParserError, socket: Duplex) => {
    const connection = connectionOf(socket)
    const { open, latest } = connection
    // Only the latest can be incomplete; then the error is about its body.
    const broken = latest?.request.raw.complete === false ? latest : undefined
    const isOthersTurn = [...open].some((reply) => reply !== broken)
    // Reset by the peer, or in the middle of an answer: there is nobody to tell.
    if (error.code === 'ECONNRESET' || !socket.writable || (!isOthersTurn && isAnswering(socket))) {
      socket.destroy(error)
      return
    }
    if (broken !== undefined) open.delete(broken)
    const request = broken?.request
    const line = request === undefined ? readRequestLine(error) : undefined
    const failure = failureOf(error, request, line)
    const say = () => {
      // Answered before its body had come: it gets no second answer.
      if (broken?.sent === true) socket.end()
      else tell(socket, failure, { reply: broken, line })
    }
    if (isOthersTurn) connection.last = say
    else say()
  }

  /** For `connect`: a method that never becomes a request of Fastify's. */
  const refuseConnect = (_request: IncomingMessage, socket: Duplex) => {
    const allow = routes?.methods().join(', ') ?? ''
    const message = 'this is no proxy: it takes no CONNECT'
    tell(socket, new OAuthError('method_not_allowed', message, { allow }), {})
  }

  return {
    answer,

    /** Keeps account of the requests of an app. To be called before any hook that waits. */
    watch(app: FastifyInstance, table: RouteTable): void {
      routes = table
      listenOnConnections(app, { onClientError: answer, onConnect: refuseConnect })
      app.addHook('onRequest', (request, reply, done) => {
        const connection = connectionOf(request.raw.socket)
        connection.open.add(reply)
        connection.latest = reply
        done()
      })
      app.addHook('onResponse', async (request, reply) => {
        const { open, last } = connectionOf(request.raw.socket)
        open.delete(reply)
        if (open.size === 0) last?.()
      })
      app.addHook('onRequestAbort', async (request) => {
        const { open, latest } = connectionOf(request.raw.socket)
        // Of a request whose body never came in whole there is no response; any other still has one.
        if (request.raw.complete || latest === undefined || !open.delete(latest)) return
        request.log.info({ ...describe(request), reason: 'aborted_by_caller' }, 'request')
      })
    },
  }
}

/** What went wrong, by Node's code for it. */
function failureOf(
  { code }: ParserError,
  request: FastifyRequest | undefined,
  line: RequestLine | undefined,
): OAuthError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return TOO_SLOW
  if (code === 'HPE_HEADER_OVERFLOW') {
    return (line?.target.length ?? 0) > URL_LIMIT ? URL_TOO_LONG : HEADERS_TOO_LARGE
  }
  if (request !== undefined) return BROKEN_BODY
  if (code === 'HPE_INVALID_URL') return RAW_URL
  if (code === 'HPE_INVALID_METHOD' && line?.isWhole === true) {
    return new OAuthError(
      'method_unknown',
      `no path here takes the method ${quotable(line.method)}`,
    )
  }
  return NO_REQUEST
}

function describe(request: FastifyRequest) {
  const { method, routeOptions } = request
  return { method, route: routeOptions.url ?? 'unmatched', address: addressOf(request) }
}

function isAnswering(socket: Duplex): boolean {
  const { _httpMessage: message } = socket as Duplex & { _httpMessage?: { headersSent: boolean } }
  return message?.headersSent === true
}
