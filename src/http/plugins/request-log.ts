import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Origin } from '../../audit/event.ts'
import { addressOf } from '../address.ts'

/** What a route found out about its request, for the one log line. Never a secret. */
export interface RequestFacts {
  clientId?: string
  sid?: string
  grantType?: string
  outcome?: string
  error?: string
  reason?: string
  /** The origin of a page that may not call. */
  refusedOrigin?: string
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts
  }
}

/**
 * One JSON line a request, at its end. It names the route's pattern and not the URL, because people
 * put tokens into URLs; and it has no header and no body.
 */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('facts')
  app.addHook('onRequest', async (request, reply) => {
    request.facts = {}
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => logRequest(request, reply))
}

/** Writes the line of a request that has been answered. */
function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { clientId, sid, grantType, outcome, error, reason, refusedOrigin } = request.facts
  request.log.info(
    {
      method: request.method,
      route: request.routeOptions.url ?? 'unmatched',
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 10) / 10,
      address: addressOf(request),
      client_id: clientId,
      sid,
      grant_type: grantType,
      outcome,
      error,
      reason,
      refused_origin: refusedOrigin,
    },
    'request',
  )
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/** How our secrets and any JWT begin: some proxies make a request's id of what they find in it. */
const SECRET = /mm_[a-z]{2}_|eyJ/

/** One of them in the midst of other text. */
const SECRETS = /(mm_[a-z]{2}_|eyJ)[\w.-]+/g

/** The caller's X-Request-Id when it is fit for a log, else undefined. */
export function acceptRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && REQUEST_ID.test(header) && !SECRET.test(header)
    ? header
    : undefined
}

const USER_AGENT_LIMIT = 512

/** Where a request comes from, for events and sessions. */
export function originOf(request: FastifyRequest): Origin {
  // What cannot be printed cannot be stored either, and is no part of a browser's name.
  const userAgent = request.headers['user-agent']
    ?.replace(/[^\x20-\x7e]/g, '?')
    .replace(SECRETS, '$1...')
  return {
    requestId: request.id,
    address: addressOf(request),
    userAgent: userAgent?.slice(0, USER_AGENT_LIMIT),
  }
}
