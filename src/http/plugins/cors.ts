import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AllowedOrigins } from '../../clients/origins.ts'
import { OAuthError, quotable } from '../../oauth/error.ts'
import { methodsOf, type RouteTable } from './route-table.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The pages that may read a route's answers, if not those of registered clients. */
    pages?: 'any' | 'none'
  }
}

/** For answers that no page asked for. */
const NOBODY: FastifyCorsOptions = { origin: false }

type OriginFunction = Extract<FastifyCorsOptions['origin'], (...some: never[]) => void>

/** In seconds: how long a browser may keep a preflight's answer. */
const MAX_AGE = 600

const LIMITS = [
  'RateLimit',
  'RateLimit-Limit',
  'RateLimit-Policy',
  'RateLimit-Remaining',
  'RateLimit-Reset',
]

/** What every verifier may fetch: keys and metadata, which are public and know no credentials. */
const PUBLIC: FastifyCorsOptions = {
  origin: '*',
  allowedHeaders: ['If-None-Match', 'Last-Event-ID', 'X-Request-Id'],
  exposedHeaders: ['ETag', ...LIMITS, 'Retry-After', 'X-Request-Id'],
  maxAge: MAX_AGE,
}

const REGISTERED_EXPOSED = [
  ...LIMITS,
  'Refresh-Outcome',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
]

const REGISTERED: FastifyCorsOptions = {
  credentials: true,
  allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-CSRF', 'X-Request-Id'],
  exposedHeaders: REGISTERED_EXPOSED,
  maxAge: MAX_AGE,
}

/**
 * Lets pages read answers (CORS, W3C Fetch §3.2): keys and metadata all pages, the rest those of the
 * origins that a client is registered with, whatever the answer, for a page that cannot read an error
 * cannot act on it. Preflights are answered for the very path: its methods, and 403 for an origin that
 * nobody registered, with the reason. CORS keeps nobody from calling: see requireOwnPage for that.
 */
export async function shareWithPages(
  app: FastifyInstance,
  options: { allowedOrigins: AllowedOrigins; issuer: string; routes: RouteTable },
): Promise<void> {
  const { allowedOrigins, routes } = options
  const own = new URL(options.issuer).origin

  const decide = async (request: FastifyRequest): Promise<FastifyCorsOptions> => {
    const { origin, 'access-control-request-method': requestedMethod } = request.headers
    const preflight = request.method === 'OPTIONS' && Boolean(origin && requestedMethod)
    const { routeOptions, is404 } = request
    // Most requests come from no page at all.
    if (origin === undefined && !is404 && routeOptions.config.pages !== 'any') return NOBODY
    const meant = preflight || request.is404 ? routes.at(request.url) : [request.routeOptions]
    const here = meant.filter(({ config }) => config?.pages !== 'none')
    if (here.length === 0 && (preflight || meant.length > 0)) return { origin: false }
    const answer = { preflight, methods: [...new Set(here.flatMap(methodsOf))] }
    const isPublic = here.length > 0 && here.every(({ config }) => config?.pages === 'any')
    if (isPublic) return { ...PUBLIC, ...answer }
    if (origin === undefined || origin === own) return { origin: false }
    const isAllowed = preflight ? await allowedOrigins.ask(origin) : allowedOrigins.knows(origin)
    if (isAllowed) return { ...REGISTERED, ...answer, origin }
    request.facts.refusedOrigin = quotable(origin)
    return { origin: preflight ? refuse(origin) : false }
  }
  await app.register(cors, { delegator: decide })
}

/**
 * What an answer needs that is written past all hooks, so that a page of a registered client can read
 * it too.
 */
export function sharingHeaders(
  allowedOrigins: AllowedOrigins,
  origin: string | undefined,
): Record<string, string> {
  if (origin === undefined || !allowedOrigins.knows(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': REGISTERED_EXPOSED.join(', '),
  }
}

function refuse(origin: string): OriginFunction {
  const message = `no client is registered for pages of ${quotable(origin)}; allow them by mintmark clients update --add-origin`
  return (_origin, callback) => callback(new OAuthError('origin_not_allowed', message), false)
}
