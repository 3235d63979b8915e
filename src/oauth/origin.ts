import { getDomain } from 'tldts'

/** What an origin must be, for whoever reads a refusal. */
export const ORIGIN_RULE =
  'an origin must be scheme, host and port as a browser sends them, such as https://app.example (RFC 6454 section 6.2): https, or http for localhost, lower case, no default port, no path, no wildcard'

const LOOPBACK = /^(localhost|[a-z0-9-]+\.localhost|127\.0\.0\.1|\[::1\])$/

/** Whether the text is an origin exactly as a browser would send it in `Origin` (RFC 6454 §6.2). */
export function isOrigin(text: string): boolean {
  if (text.length > 300 || text.includes('*') || !URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))
  return isSafe && origin === text
}

/**
 * Whether a browser regards two URLs as of one site, and so sends a `SameSite=Strict` cookie from
 * pages of the one to the other: the same scheme and the same registrable domain (RFC 6265bis §5.2),
 * by the public suffix list. Ports do not matter.
 */
export function isSameSite(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)]
  return a.protocol === b.protocol && siteOf(a.hostname) === siteOf(b.hostname)
}

function siteOf(hostname: string): string {
  // An IP address, localhost or a public suffix itself has no registrable domain: it is its own site.
  return getDomain(hostname, { allowPrivateDomains: true }) ?? hostname
}
