import { readRetryAfter } from '../backoff.ts'
import { readBody } from '../body.ts'
import type { Fetcher } from '../fetch.ts'
import type { ServiceTokenFailure } from './error.ts'
import { readSecret } from './secret.ts'

/** What a token is for. */
export interface Wanted {
  /** Each goes as a `resource` (RFC 8707 §2); none for all that the client may. */
  readonly audiences: readonly string[]
  /** None for all that the client may. */
  readonly scopes: readonly string[]
}

/** A token as it came. */
export interface Issued {
  readonly token: string
  readonly lifeSeconds: number
}

/** One request, and what became of it; never throws. */
export type RequestToken = (
  wanted: Wanted,
  signal: AbortSignal,
) => Promise<Issued | ServiceTokenFailure>

/** Asks the token endpoint by the grant `client_credentials` (RFC 6749 §4.4). */
export function createRequestToken(options: {
  url: string
  clientId: string
  clientSecret: string | (() => string | Promise<string>)
  /** In milliseconds, for the secret. */
  timeout: number
  fetcher: Fetcher
  clock: () => number
}): RequestToken {
  const { url, clientId, clientSecret, timeout, fetcher, clock } = options
  return async ({ audiences, scopes }, signal) => {
    const secret = await readSecret(clientSecret, timeout)
    if (typeof secret !== 'string') return secret
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    for (const audience of audiences) form.append('resource', audience)
    if (scopes.length > 0) form.append('scope', scopes.join(' '))
    const headers = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${btoa(`${formEncode(clientId)}:${formEncode(secret)}`)}`,
    }
    try {
      const init = { method: 'POST', headers, body: form.toString(), signal }
      const response = await fetcher(url, init)
      const body = readJson(await readBody(response, LONGEST_ANSWER))
      if (response.status === 200) return acceptAnswer(body)
      return refusal(response, withoutSecret(body, secret, headers.authorization), clock())
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'the request failed'
      return { code: 'unreachable', message, cause }
    }
  }
}

/** RFC 6749 §5.1; without `expires_in` a token is used for a minute. */
function acceptAnswer(body: Record<string, unknown>): Issued | ServiceTokenFailure {
  const { access_token: token, token_type: type, expires_in: expiresIn = UNSAID_LIFE } = body
  const isToken = typeof token === 'string' && token !== ''
  const isBearer = typeof type === 'string' && type.toLowerCase() === 'bearer'
  const lifeSeconds = Number(expiresIn)
  if (isToken && isBearer && lifeSeconds > 0) return { token, lifeSeconds }
  const message = 'the token endpoint answered 200, and not with a bearer token'
  return { code: 'answer_invalid', message, status: 200 }
}

function refusal(
  response: Response,
  body: Record<string, unknown>,
  now: number,
): ServiceTokenFailure {
  const { status } = response
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined)
  const said = text('error_description') ?? text('error')
  return {
    code: status >= 500 || status === 429 ? 'unavailable' : 'refused',
    message: `the token endpoint answered ${status}${said === undefined ? '' : `: ${said}`}`,
    status,
    retryAfter: readRetryAfter(response.headers.get('retry-after'), now, LONGEST_RETRY_AFTER),
    error: text('error'),
    errorDescription: text('error_description'),
    reason: text('reason'),
    requestId: text('request_id'),
  }
}

/** A server, or a proxy that helps with debugging, may say what was sent; no log must hold it. */
function withoutSecret(
  body: Record<string, unknown>,
  secret: string,
  authorization: string,
): Record<string, unknown> {
  const credentials = authorization.slice('Basic '.length).replace(/=+$/, '')
  const secrets = [
    secret,
    formEncode(secret),
    btoa(formEncode(secret)).replace(/=+$/, ''),
    credentials,
  ]
  const isClean = (value: unknown) => !secrets.some((one) => String(value).includes(one))
  return Object.fromEntries(Object.entries(body).filter(([, value]) => isClean(value)))
}

function readJson(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** RFC 6749 §2.3.1 wants both parts form-encoded before they are joined. */
function formEncode(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice(1)
}

const UNSAID_LIFE = 60
const LONGEST_ANSWER = 65_536
/** In seconds. */
const LONGEST_RETRY_AFTER = 300
