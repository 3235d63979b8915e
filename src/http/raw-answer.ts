import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { OAuthError } from '../oauth/error.ts'
import { toOAuthBody, toProblem } from './failure.ts'

/**
 * Writes an error on a connection whose bytes became no request, as any other is answered, and hangs
 * up: what follows on the connection could be anything.
 * @param headers those of every answer
 */
export function writeAnswer(
  socket: Duplex,
  failure: OAuthError,
  about: { requestId: string; isOAuth: boolean; headers: Readonly<Record<string, unknown>> },
): void {
  const { requestId, isOAuth } = about
  const body = JSON.stringify(
    isOAuth ? toOAuthBody(failure, requestId) : toProblem(failure).toBody(requestId),
  )
  const headers = {
    ...about.headers,
    ...failure.headers,
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
