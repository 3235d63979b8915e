import { isSameSite } from '../oauth/origin.ts'
import type { Client } from './client.ts'

/**
 * Why a client's refresh token cookie cannot work as it is registered, in sentences; empty when it
 * can, and for a client without cookies. What is impossible here is so in every browser: the
 * SameSite=Strict cookie of the issuer's host does not go along from a page of another site.
 */
export function cookieProblems(
  client: Pick<Client, 'allowedOrigins' | 'refreshTokenIn'>,
  issuer: string,
): string[] {
  if (client.refreshTokenIn !== 'cookie') return []
  return client.allowedOrigins.filter((origin) => !isSameSite(origin, issuer)).map(explain(issuer))
}

function explain(issuer: string): (origin: string) => string {
  const own = new URL(issuer)
  return (text) => {
    const origin = new URL(text)
    const reason =
      origin.protocol === own.protocol
        ? `${origin.hostname} and ${own.hostname} are of different sites: give the service a name under the page's domain, or let a server of the page's own keep the token`
        : `${origin.protocol}// and ${own.protocol}// are different sites even on one host: use one scheme`
    return `a page of ${text} can never send the refresh token cookie to ${issuer}: ${reason}`
  }
}
