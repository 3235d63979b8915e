import type { JWK } from 'jose'
import { buildClaims } from './testing/claims.ts'
import type { Fault, Faults } from './testing/faults.ts'
import { createFeed } from './testing/feed.ts'
import { drawSid } from './testing/identifiers.ts'
import { createInstants } from './testing/instants.ts'
import { createKeySet } from './testing/key-set.ts'
import type { Listening } from './testing/listen.ts'
import { createRespond } from './testing/respond.ts'
import { createRevocationList, type Revocation } from './testing/revocation-list.ts'
import { createSigningKey, type SigningKey, signCompact } from './testing/signing-key.ts'
import type { TokenOptions } from './testing/token-options.ts'
import type { Algorithm, VerifierOptions } from './types.ts'

export type { Fault } from './testing/faults.ts'
export type { Listening } from './testing/listen.ts'
export type { Revocation } from './testing/revocation-list.ts'
export type { TokenOptions } from './testing/token-options.ts'

export interface TestIssuerOptions {
  /** `https://issuer.test` if not given, or where it listens. */
  readonly issuer?: string
  /** What tokens are for; `https://api.test` if not given. */
  readonly audience?: string | readonly string[]
  /** `ES256` if not given. */
  readonly alg?: Algorithm
  /** Milliseconds since the epoch; `Date.now` if not given. A clock of the test's makes it repeatable. */
  readonly clock?: () => number
  /** For how many seconds its JWKS may be kept; 300 if not given. */
  readonly jwksMaxAge?: number
}

/** An issuer of a test's own: keys, tokens, JWKS, revocations, outages. */
export interface TestIssuer {
  readonly issuer: string
  readonly audience: string | readonly string[]
  /**
   * For `createVerifier`: its tokens are verified without a port, and it hears at once of what is revoked; or by
   * HTTP once it listens, and then it learns of revocations as you say.
   */
  readonly verifierOptions: VerifierOptions
  /** Answers for this issuer, and for nobody else, in this process. */
  readonly fetch: typeof globalThis.fetch
  /** The keys as they are published now. */
  readonly jwks: { readonly keys: readonly JWK[] }
  /** What was asked of it so far: `GET /.well-known/jwks.json`, one after the other. */
  readonly requests: readonly string[]

  /** A good token, but for what the options say. */
  token(options?: TokenOptions): Promise<string>
  /** Expired five minutes ago. */
  expired(options?: TokenOptions): Promise<string>
  /** For another service. */
  wrongAudience(options?: TokenOptions): Promise<string>
  /** By another issuer's name. */
  wrongIssuer(options?: TokenOptions): Promise<string>
  /** Signed by a key that is not published. */
  unknownKid(options?: TokenOptions): Promise<string>
  /** Names a published key, and is signed by another one. */
  badSignature(options?: TokenOptions): Promise<string>
  /** Issued in five minutes. */
  notYetValid(options?: TokenOptions): Promise<string>
  /** Good but for its session, which the feed of revocations names. */
  revoked(options?: TokenOptions): Promise<string>

  /** A new `sid`, of a session that starts now. */
  newSid(): string
  /** Puts something into the feed of revocations; a text is a `sid`. A key leaves the JWKS as well. */
  revoke(revocation: Revocation): Promise<void>
  /** A new key signs from now on. The one before stays published, unless it is to be dropped. */
  rotate(options?: { drop?: boolean; alg?: Algorithm }): Promise<void>

  /** From now on it fails: 503 if not said otherwise. Streams end. */
  down(fault?: Fault): void
  /** From now on it answers. */
  up(): void
  /** From now on each answer takes so many milliseconds; 0 ends that. */
  slow(milliseconds: number): void

  /** Serves by HTTP on 127.0.0.1, for siblings of another process or language; Node only. */
  listen(options?: { port?: number }): Promise<Listening>
}

/** How far the tokens that are out of their time are out of it: more than any tolerance of clocks. */
const FAR_SECONDS = 300

/** Makes an issuer with a fresh key pair. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { audience = 'https://api.test', alg = 'ES256', clock = Date.now } = options
  let issuer = options.issuer ?? 'https://issuer.test'
  let isListening = false
  const instants = createInstants(clock)
  const keys = await createKeySet(alg)
  const revocations = createRevocationList(clock, instants)
  const feed = createFeed({ issuer: () => issuer, alg, clock, keys, revocations })
  const faults: Faults = { fault: undefined, delay: 0 }
  const requests: string[] = []

  const answer = createRespond({
    issuer: () => issuer,
    keys,
    feed,
    faults,
    jwksMaxAge: options.jwksMaxAge ?? 300,
    clock,
    issueToken: token,
  })

  async function respond(request: Request): Promise<Response> {
    requests.push(`${request.method} ${new URL(request.url).pathname}`)
    return answer(request)
  }

  async function sign(given: TokenOptions, key: SigningKey, kid = key.kid): Promise<string> {
    const header = { alg: key.alg, kid, typ: given.typ ?? 'at+jwt', ...given.header }
    return signCompact(header, buildClaims(given, { issuer, audience, instants }), key)
  }

  async function token(given: TokenOptions = {}): Promise<string> {
    return sign(given, await keys.signer(given.alg ?? alg))
  }

  const inSeconds = (offset: number) => Math.floor(clock() / 1000) + offset

  async function fetchHere(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    if (new URL(request.url).origin !== new URL(issuer).origin) {
      throw new TypeError(`fetch failed: ${request.url} is not of the test issuer ${issuer}`)
    }
    return respond(request)
  }

  return {
    get issuer() {
      return issuer
    },
    audience,
    get verifierOptions() {
      const inProcess = { fetch: fetchHere, revocation: 'stream' } as const
      return { issuer, audience, clock, ...(!isListening && inProcess) }
    },
    fetch: fetchHere,
    get jwks() {
      return keys.jwks()
    },
    requests,

    token,
    expired: (given = {}) => {
      const { expiresIn = 600 } = given
      return token({ issuedAt: inSeconds(-FAR_SECONDS - expiresIn), ...given })
    },
    wrongAudience: (given) => token({ audience: 'https://other-api.test', ...given }),
    wrongIssuer: (given) => token({ issuer: 'https://other-issuer.test', ...given }),
    notYetValid: (given) => token({ issuedAt: inSeconds(FAR_SECONDS), ...given }),
    unknownKid: async (given = {}) => sign(given, await createSigningKey(given.alg ?? alg)),
    async badSignature(given = {}) {
      const { kid } = await keys.signer(given.alg ?? alg)
      return sign(given, await createSigningKey(given.alg ?? alg), kid)
    },
    async revoked(given = {}) {
      const sid = given.sid ?? newSid()
      await revoke(sid)
      return token({ ...given, sid })
    },

    newSid,
    revoke,
    async rotate({ drop = false, alg: rotated = alg } = {}) {
      await keys.rotate(rotated, drop)
    },

    down(fault = 'unavailable') {
      faults.fault = fault
      feed.end()
    },
    up() {
      faults.fault = undefined
    },
    slow(milliseconds) {
      faults.delay = milliseconds
    },

    async listen({ port = 0 } = {}) {
      // Loaded only here, so that the rest runs where there is no node:http.
      const { listen } = await import('./testing/listen.ts')
      const listening = await listen(respond, port)
      // An issuer that was named stays where its name says, and is reached in this process.
      isListening = options.issuer === undefined
      issuer = options.issuer ?? listening.url
      return { url: listening.url, close: () => close(listening) }
    },
  }

  function newSid(): string {
    return drawSid(instants.start())
  }

  async function revoke(revocation: Revocation): Promise<void> {
    revocations.add(revocation)
    if (typeof revocation === 'object' && 'kid' in revocation) await keys.withdraw(revocation.kid)
    await feed.push()
  }

  async function close(listening: Listening): Promise<void> {
    feed.end()
    await listening.close()
  }
}
