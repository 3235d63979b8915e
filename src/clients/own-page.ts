import { OAuthError, quotable } from '../oauth/error.ts'
import type { Client } from './client.ts'

/** What a request says of the page it comes from; a browser lets no script forge these but `csrf`. */
export interface Page {
  /** The header X-CSRF: a page of another origin cannot send it without having been allowed to. */
  readonly csrf: string | undefined
  /** `Origin` (RFC 6454 §7). */
  readonly origin: string | undefined
  /** `Sec-Fetch-Site` (W3C Fetch Metadata): same-origin, same-site, cross-site or none. */
  readonly fetchSite: string | undefined
  /** `Host`: where the browser thinks that this service is. */
  readonly host: string | undefined
}

/**
 * Refuses a request that a foreign page may have made a browser send, before its cookie is looked at
 * (RFC 9700 §4.7, the Fetch Metadata rules). Throws `csrf_header_missing`, `cross_site_request`.
 */
export function requireOwnHeader({ csrf, fetchSite }: Page): void {
  if (csrf !== '1') {
    throw new OAuthError(
      'csrf_header_missing',
      'a request with a refresh token cookie needs the header X-CSRF: 1',
    )
  }
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'same-site') {
    throw new OAuthError(
      'cross_site_request',
      `a page of another site must not use the cookie (Sec-Fetch-Site: ${quotable(fetchSite)})`,
    )
  }
}

/**
 * Lets a client with a cookie be called from its own pages alone: an origin that it is registered
 * with, or the service's own. Throws `csrf_header_missing`, `cross_site_request`,
 * `origin_not_allowed`.
 * @param issuer whose origin is the service's own
 */
export function requireOwnPage(
  client: Pick<Client, 'clientId' | 'allowedOrigins'>,
  page: Page,
  issuer: string,
): void {
  requireOwnHeader(page)
  if (isOwnPage(client, page, issuer)) return
  throw new OAuthError(
    'origin_not_allowed',
    page.origin === undefined
      ? 'a request with a refresh token cookie needs an Origin, or Sec-Fetch-Site: same-origin'
      : `client ${client.clientId} is not registered for pages of ${quotable(page.origin)}; allow them by mintmark clients update ${client.clientId} --add-origin`,
  )
}

/** Whether a page is one that the client may be called from. */
export function isOwnPage(
  client: Pick<Client, 'allowedOrigins'>,
  page: Page,
  issuer: string,
): boolean {
  const { origin, fetchSite } = page
  if (origin === undefined) return fetchSite === 'same-origin'
  if (client.allowedOrigins.includes(origin)) return true
  // The service's own pages: under the issuer's name, or under another one that the browser used.
  return isOriginOf(origin, issuer) || (fetchSite === 'same-origin' && isOnHost(origin, page.host))
}

function isOriginOf(origin: string, url: string): boolean {
  return new URL(url).origin === origin
}

function isOnHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host
}
