import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { describeDatabaseError } from '../../db/failure.ts'
import { toOAuthError, toProblem } from '../failure.ts'
import type { Wording } from '../wording.ts'
import type { RouteTable } from './route-table.ts'

/** Answers the errors of this scope as RFC 6749 §5.2. */
export function answerOAuthErrors(app: FastifyInstance, wording: Wording): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, errorShape: 'oauth' }
  })
  app.setErrorHandler((failure, request, reply) => sendOAuthError(failure, request, reply, wording))
}

/**
 * Answers the errors of this scope as RFC 9457, and what no route took at an OAuth path (a wrong
 * method, a preflight) as OAuth errors.
 */
export function answerProblems(app: FastifyInstance, routes: RouteTable, wording: Wording): void {
  app.setErrorHandler((failure, request, reply) => {
    const { is404, method, originalUrl, routeOptions } = request
    const isUnrouted = is404 || routeOptions.url === '*'
    return isUnrouted && routes.isOAuth(method, originalUrl)
      ? sendOAuthError(failure, request, reply, wording)
      : sendProblem(failure, request, reply, wording)
  })
}

function sendOAuthError(
  failure: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  wording: Wording,
) {
  const error = toOAuthError(failure)
  noteFailure(request, error.status, failure)
  request.facts.error = error.error
  request.facts.reason = error.reason
  const headers = wording.headers(error.headers)
  const body = wording.oauthBody(error, request.id)
  return send(reply, error.status, headers, 'application/json', body)
}

function sendProblem(
  failure: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  wording: Wording,
) {
  const problem = toProblem(failure)
  // There is room for so many and no more: the line of the request says whose was refused.
  if (problem.code !== 'too_many_streams') noteFailure(request, problem.status, failure)
  request.facts.reason = problem.code
  const headers = wording.headers(problem.headers)
  const body = wording.problemBody(problem, request.id)
  return send(reply, problem.status, headers, 'application/problem+json', body)
}

/** Sends a body past the route's response schema, which must not be able to cut an error short. */
function send(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  mediaType: string,
  body: object,
) {
  reply.code(status).headers(headers).header('cache-control', 'no-store').type(mediaType)
  return reply.send(JSON.stringify(body))
}

/** What is our own trouble goes to the log with its cause; what is the caller's needs no stack. */
function noteFailure(request: FastifyRequest, status: number, failure: unknown): void {
  // 501 is the caller's as well: it asks for what HTTP has and this service has not.
  if (status < 500 || status === 501) return
  const { cause } = failure as Error
  const described = describeDatabaseError(cause ?? failure)
  const stack = status === 500 && failure instanceof Error ? { stack: failure.stack } : {}
  request.log.error({ err: { ...described, ...stack } }, 'request failed')
}
