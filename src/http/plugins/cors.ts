import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AllowedOrigins } from '../../clients/origins.ts'
import { quotable } from '../../oauth/error.ts'
import { Problem } from '../problem.ts'
import { methodsOf, type RouteTable } from './route-table.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The pages that may read a route's answers, if not those of registered clients. */
    pages?: 'any' | 'none'
  }
}

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
  allowedHeaders: ['If-None-Match', 'X-Request-Id'],
  exposedHeaders: ['ETag', ...LIMITS, 'Retry-After', 'X-Request-Id'],
  maxAge: MAX_AGE,
}

const REGISTERED: FastifyCorsOptions = {
  credentials: true,
  allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-CSRF', 'X-Request-Id'],
  exposedHeaders: [...LIMITS, 'Refresh-Outcome', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
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
    const preflight = request.method === 'OPTIONS' && requestedMethod !== undefined
    const here = (preflight ? routes.at(request.url) : [request.routeOptions]).filter(
      ({ config }) => config?.pages !== 'none',
    )
    if (here.length === 0) return { origin: false }
    const answer = { preflight, methods: [...new Set(here.flatMap(methodsOf))] }
    if (here.every(({ config }) => config?.pages === 'any')) return { ...PUBLIC, ...answer }
    if (origin === undefined || origin === own) return { origin: false }
    if (await allowedOrigins.has(origin)) return { ...REGISTERED, ...answer, origin }
    request.facts.refusedOrigin = quotable(origin)
    return { origin: preflight ? refuse(origin) : false }
  }
  await app.register(cors, { delegator: decide })
}

function refuse(origin: string): OriginFunction {
  const detail = `no client is registered for pages of ${quotable(origin)}; allow them by mintmark clients update`
  return (_origin, callback) => callback(new Problem(403, 'origin_not_allowed', detail), false)
}
