import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { isOwnPage, type Page, requireOwnHeader, requireOwnPage } from '../clients/own-page.ts'
import { findClient } from '../clients/store.ts'
import type { Executor } from '../db/connect.ts'
import { OAuthError, quotable } from '../oauth/error.ts'
import type { Parameters } from '../oauth/parameters.ts'

/** A refresh token that came in a cookie, and the client whose cookie it is. */
export interface CookieToken {
  readonly client: Client
  readonly refreshToken: string
}

/**
 * The cookies of clients that keep their refresh token in one: `__Host-mintmark-refresh-<client_id>`,
 * Secure, HttpOnly, SameSite=Strict, Path=/ (RFC 6265bis §4.1.3.2). Each client has its own, so that two
 * frontends in one browser do not take each other's session away. Where the issuer is http, which is
 * localhost alone, no browser would take that name or Secure: there it is
 * `mintmark-refresh-<client_id>`.
 */
export interface RefreshCookies {
  /**
   * The token of the request's cookie, asked for by a page that may use it. Undefined when there is
   * none for this request, or when it brings a token of another client in its body: browsers send
   * cookies along unasked. Cookies of clients that have none any more are cleared. Throws
   * `refresh_token_ambiguous`, `cookie_repeated`, `cookie_ambiguous`, `cookie_outdated`,
   * `csrf_header_missing`, `cross_site_request`, `origin_not_allowed`, DatabaseUnavailable.
   */
  read(
    request: FastifyRequest,
    reply: FastifyReply,
    parameters: Parameters,
  ): Promise<CookieToken | undefined>
  /**
   * Whether a page with cookies asks for what a cookie is needed for, and the browser truly has none:
   * not of the client that the request names, or of any if it names none. Throws DatabaseUnavailable.
   */
  isAbsent(request: FastifyRequest, parameters: Parameters): Promise<boolean>
  /** Sets it, until the session's end. */
  set(reply: FastifyReply, clientId: string, refreshToken: string, maxAgeSeconds: number): void
  /** Clears it, with the attributes it was set with. */
  clear(reply: FastifyReply, clientId: string): void
}

const SECURE_PREFIX = '__Host-mintmark-refresh-'
const PLAIN_PREFIX = 'mintmark-refresh-'

/** No browser holds the cookies of more clients than this, and each costs a query. */
const COOKIE_LIMIT = 10

interface Cookie {
  readonly clientId: string
  readonly value: string
}

export function createRefreshCookies(options: { db: Executor; issuer: string }): RefreshCookies {
  const { db, issuer } = options
  const secure = issuer.startsWith('https:')
  const prefix = secure ? SECURE_PREFIX : PLAIN_PREFIX
  const otherPrefix = secure ? PLAIN_PREFIX : SECURE_PREFIX
  const attributes = { path: '/', httpOnly: true, secure, sameSite: 'strict' } as const

  const clear = (reply: FastifyReply, clientId: string) =>
    reply.clearCookie(`${prefix}${clientId}`, attributes)

  const findCookieClient = async (clientId: string): Promise<Client | undefined> => {
    const client = await findClient(db, clientId)
    return client?.refreshTokenIn === 'cookie' ? client : undefined
  }

  /** Those whose clients have cookies. The others are cleared: nothing newer can be in their place. */
  const open = async (cookies: readonly Cookie[], reply: FastifyReply): Promise<CookieToken[]> => {
    const opened = await Promise.all(
      cookies.map(async ({ clientId, value }) => {
        const client = await findCookieClient(clientId)
        if (client !== undefined) return [{ client, refreshToken: value }]
        clear(reply, clientId)
        return []
      }),
    )
    return opened.flat()
  }

  /** The one whose client may be called from the page. */
  const select = (tokens: readonly CookieToken[], page: Page): CookieToken => {
    const [only] = tokens
    if (only === undefined) throw outdated('its client has no cookies, or is not registered')
    const own = tokens.filter(({ client }) => isOwnPage(client, page, issuer))
    const [token = only, ...others] = own
    if (others.length > 0) throw ambiguous()
    requireOwnPage(token.client, page, issuer)
    return token
  }

  return {
    async read(request, reply, parameters) {
      const inBody = parameters.get('refresh_token') !== undefined
      if (inBody && request.headers.authorization !== undefined) return undefined
      const cookies = readCookies(request, prefix, parameters.get('client_id'))
      if (cookies.length === 0) {
        if (inBody || readCookies(request, otherPrefix).length === 0) return undefined
        throw outdated(`those of this service begin with ${prefix}`)
      }
      const page = pageOf(request)
      if (!inBody) requireOwnHeader(page)
      if (new Set(cookies.map(({ clientId }) => clientId)).size < cookies.length) {
        throw new OAuthError('cookie_repeated', 'the refresh token cookie was sent twice')
      }
      if (cookies.length > COOKIE_LIMIT) throw ambiguous()
      const tokens = await open(cookies, reply)
      if (!inBody) return select(tokens, page)
      if (tokens.length === 0) return undefined
      throw new OAuthError(
        'refresh_token_ambiguous',
        'a refresh token is in the body and another in a cookie: send one of them, or with the one in the body its client_id',
      )
    },
    async isAbsent(request, parameters) {
      const inBody = parameters.get('refresh_token') !== undefined
      // Only a page with cookies sends the header.
      if (inBody || pageOf(request).csrf !== '1') return false
      const named = parameters.get('client_id')
      if (readCookies(request, prefix, named).length > 0) return false
      return named === undefined || (await findCookieClient(named)) !== undefined
    },
    set(reply, clientId, refreshToken, maxAge) {
      reply.setCookie(`${prefix}${clientId}`, refreshToken, { ...attributes, maxAge })
    },
    clear,
  }
}

/** What the request says of the page that it comes from. */
export function pageOf({ headers }: FastifyRequest): Page {
  const { origin, host } = headers
  const [csrf, fetchSite] = [headers['x-csrf'], headers['sec-fetch-site']].map((value) =>
    Array.isArray(value) ? value.join(', ') : value,
  )
  return { csrf, origin, fetchSite, host }
}

/**
 * The cookies whose name begins so, of one client if it is named; read here because the usual parsers
 * keep one of two.
 */
function readCookies({ headers }: FastifyRequest, prefix: string, named?: string): Cookie[] {
  return (headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    const clientId = name.slice(prefix.length)
    const isOther = named !== undefined && clientId !== named
    if (at === -1 || !name.startsWith(prefix) || isOther) return []
    return [{ clientId, value: pair.slice(at + 1).trim() }]
  })
}

function outdated(why: string): OAuthError {
  const message = `the refresh token cookie is an old one: ${quotable(why)}; log in again`
  return new OAuthError('cookie_outdated', message)
}

function ambiguous(): OAuthError {
  const message = 'there are refresh token cookies of several clients for this page: send client_id'
  return new OAuthError('cookie_ambiguous', message)
}
