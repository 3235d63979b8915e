import { type Faults, failingAnswer, pause } from './faults.ts'
import type { Feed } from './feed.ts'
import type { KeySet } from './key-set.ts'
import { grantToken, type IssueToken } from './token-endpoint.ts'

const JWKS = '/.well-known/jwks.json'
const METADATA = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']
const REVOCATIONS = '/.well-known/revocations'

/** Answers a request as the service would. Throws TypeError, as `fetch` does, where nobody answers. */
export type Respond = (request: Request) => Promise<Response>

export function createRespond(options: {
  issuer: () => string
  keys: KeySet
  feed: Feed
  faults: Faults
  jwksMaxAge: number
  clock: () => number
  issueToken: IssueToken
}): Respond {
  const { keys, feed, faults, clock } = options

  return async (request) => {
    const path = pathOf(request)
    await pause(faults.delay, request.signal)
    const failed = faults.fault && failingAnswer(faults.fault, path === JWKS)
    const response = failed ?? (await route(path, request))
    if (!response.headers.has('date')) {
      response.headers.set('date', new Date(clock()).toUTCString())
    }
    return response
  }

  async function route(path: string, request: Request): Promise<Response> {
    if (path === '/token') return grantToken(request, options.issueToken)
    if (request.method !== 'GET') return problem(405, 'method_not_allowed')
    if (path === JWKS) return cached(request, JSON.stringify(keys.jwks()), options.jwksMaxAge)
    if (METADATA.includes(path)) return cached(request, metadata(), options.jwksMaxAge)
    if (path !== REVOCATIONS && path !== `${REVOCATIONS}/stream`) return problem(404, 'not_found')
    const since = sinceOf(request)
    if (since === undefined) return problem(400, 'since_invalid')
    if (path !== REVOCATIONS) return feed.stream(since, request.signal)
    return new Response(await feed.list(since), {
      headers: { 'content-type': 'application/revocations+jwt', 'cache-control': 'no-cache' },
    })
  }

  /** The path below the issuer's own, which RFC 8414 §3.1 puts behind the well-known one. */
  function pathOf({ url }: Request): string {
    const own = new URL(options.issuer()).pathname.replace(/\/$/, '')
    const { pathname } = new URL(url)
    if (own === '') return pathname
    if (pathname.startsWith(`${own}/`)) return pathname.slice(own.length)
    return pathname.endsWith(own) ? pathname.slice(0, -own.length) : pathname
  }

  function metadata(): string {
    const issuer = options.issuer()
    const base = issuer.replace(/\/$/, '')
    const algorithms = new Set(keys.jwks().keys.map(({ alg }) => alg))
    return JSON.stringify({
      issuer,
      token_endpoint: `${base}/token`,
      jwks_uri: `${base}${JWKS}`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...algorithms],
    })
  }
}

/** Where a reader of the feed left off; undefined when that is no number. */
function sinceOf(request: Request): number | undefined {
  const { searchParams } = new URL(request.url)
  const text = request.headers.get('last-event-id') ?? searchParams.get('since') ?? '0'
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** JSON with what lets a reader keep it (RFC 9111 §5.2, RFC 9110 §13.1.2). */
async function cached(request: Request, body: string, maxAge: number): Promise<Response> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))
  const start = [...new Uint8Array(digest).subarray(0, 8)]
  const etag = `"${start.map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`
  const headers = { etag, 'cache-control': `public, max-age=${maxAge}` }
  if (request.headers.get('if-none-match') === etag) {
    return new Response(null, { status: 304, headers })
  }
  return new Response(body, { headers: { ...headers, 'content-type': 'application/json' } })
}

/** RFC 9457. */
function problem(status: number, code: string): Response {
  const headers = { 'content-type': 'application/problem+json' }
  return Response.json({ status, title: code.replaceAll('_', ' '), code }, { status, headers })
}
