import type { Algorithm } from '../jwt/algorithms.ts'

/** A published key, as gateways take it that read no JWK set. */
export interface PublishedKey {
  readonly kid: string
  /** SubjectPublicKeyInfo in PEM (RFC 7468 §13). */
  readonly pem: string
}

/** What a gateway has to know. Its texts hold nothing that a configuration would have to quote. */
export interface GatewaySettings {
  /** The `iss` of every token, without a slash at its end. */
  readonly issuer: string
  /** Where the gateway reaches this service, without a slash at its end. */
  readonly service: string
  /** The `aud` that a token must have. */
  readonly audience: string
  /** The one algorithm that is taken, by a gateway that verifies itself. */
  readonly algorithm: Algorithm
  /** The `typ` that a token must have there (RFC 9068 §2.1). */
  readonly typ: string
  /** What is protected: its origin. */
  readonly upstream: string
  /** The port that the gateway listens on. */
  readonly port: number
  /** Where a gateway that reads keys from files has them, as an absolute path. */
  readonly keyFolder: string
  /** The keys that the service publishes now, of that algorithm. Asks the service. */
  readonly readKeys: () => Promise<readonly PublishedKey[]>
}

/** What is printed for a gateway. */
export interface Gateway {
  /** The configuration, whole, with what one has to know of it in comments. */
  readonly config: (settings: GatewaySettings) => string | Promise<string>
  /** A second file that goes with it, where there is one: its name, and what is in it. */
  readonly companion?: { readonly file: string; readonly print: (s: GatewaySettings) => string }
  /** The algorithms that it can verify itself; undefined: all of them. */
  readonly verifies?: readonly Algorithm[]
  /** It verifies nothing itself, and so takes whatever the service takes. */
  readonly asksService?: true
}

/** For how long a gateway keeps the keys: as long as the answer allows. In seconds. */
export const CACHE_SECONDS = 300

/** Where an address leads: its host, its port, and whether TLS guards it. */
export function addressOf(url: string): { host: string; port: number; tls: boolean; name: string } {
  const { hostname, host, port, protocol } = new URL(url)
  const tls = protocol === 'https:'
  return { host, name: hostname, port: Number(port || (tls ? 443 : 80)), tls }
}

/** Where the JWK set is (RFC 7517 §5). */
export const jwksOf = ({ service }: GatewaySettings) => `${service}/.well-known/jwks.json`

/** Where a gateway asks whether a token is good that cannot tell itself. */
export const forwardAuthOf = ({ service, audience }: GatewaySettings) =>
  `${service}/forward-auth?audience=${encodeURIComponent(audience)}`

/** What the service behind the gateway may believe, because the gateway alone sets it. */
export const IDENTITY_HEADERS = ['X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scope'] as const

/**
 * The names that only look like these header fields. CGI, and with it WSGI and PHP, hands over a dash as
 * an underscore (RFC 3875 §4.1.18), so that what is behind the gateway cannot tell them apart.
 */
export function lookalikesOf(names: readonly string[]): string[] {
  return names.flatMap((name) => spell(name.split('-')).filter((other) => other !== name))
}

function spell([first = '', ...rest]: string[]): string[] {
  if (rest.length === 0) return [first]
  return spell(rest).flatMap((end) => [`${first}-${end}`, `${first}_${end}`])
}
