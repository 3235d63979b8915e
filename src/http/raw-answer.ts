import type { Duplex } from 'node:stream'
import type { OAuthError } from '../oauth/error.ts'
import { toProblem } from './failure.ts'
import { STATUS_CODES } from './status-codes.ts'
import type { Wording } from './wording.ts'

/**
 * Writes an error on a connection whose bytes became no request, as any other is answered, and hangs
 * up: what follows on the connection could be anything.
 * @param about.headers those of every answer
 */
export function writeAnswer(
  socket: Duplex,
  failure: OAuthError,
  about: {
    requestId: string
    isOAuth: boolean
    headers: Readonly<Record<string, unknown>>
    wording: Wording
  },
): void {
  const { requestId, isOAuth, wording } = about
  const body = JSON.stringify(
    isOAuth
      ? wording.oauthBody(failure, requestId)
      : wording.problemBody(toProblem(failure), requestId),
  )
  const headers = {
    ...about.headers,
    ...wording.headers(failure.headers),
    'content-type': `application/${isOAuth ? '' : 'problem+'}json`,
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    'cache-control': 'no-store',
    connection: 'close',
  }
  const { status } = failure
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n')
  socket.end(`${head}\r\n\r\n${body}`)
}
