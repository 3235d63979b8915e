import type { FastifyInstance } from 'fastify'
import Negotiator from 'negotiator'
import { OAuthError, quotable } from '../../oauth/error.ts'
import { oauthErrors, problems } from '../wire/errors.ts'

/** What the routes of a shape answer with; a caller may also name the only charset that JSON has. */
const OFFERS = {
  oauth: ['application/json', 'application/json; charset=utf-8'],
  problem: [
    'application/json',
    'application/json; charset=utf-8',
    'application/problem+json',
    'application/problem+json; charset=utf-8',
  ],
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+"
const WEIGHT = 'q=(?:0(?:\\.\\d{0,3})?|1(?:\\.0{0,3})?)'
const PARAMETER = `(?!q=)${TOKEN}=(?:${TOKEN}|"[^"]*")`
const MEDIA_RANGE = new RegExp(
  `^\\s*${TOKEN}/${TOKEN}(?:\\s*;\\s*(?:${WEIGHT}|${PARAMETER}))*\\s*$`,
  'i',
)

/**
 * Refuses in this scope, before anything is done, a request whose `Accept` admits no JSON (RFC 9110
 * §12.5.1). For what tools and verifiers fetch it is not used: a header must not break those.
 */
export function requireAcceptable(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const errors = route.config?.errorShape === 'oauth' ? oauthErrors : problems
    route.schema = {
      ...route.schema,
      response: { ...(route.schema?.response as object), ...errors('not_acceptable') },
    }
  })
  app.addHook('onRequest', async ({ headers: { accept }, routeOptions }) => {
    if (accept === undefined || admits(accept, OFFERS[routeOptions.config.errorShape ?? 'problem']))
      return
    throw new OAuthError(
      'not_acceptable',
      `the answer is JSON, which Accept: ${quotable(accept)} does not admit; send Accept: application/json`,
    )
  })
}

/** Whether one of the types is welcome; a header that is not of the RFC's grammar says nothing. */
function admits(accept: string, types: string[]): boolean {
  const ranges = accept.split(',').filter((range) => range.trim() !== '')
  if (ranges.length === 0 || !ranges.every((range) => MEDIA_RANGE.test(range))) return true
  return new Negotiator({ headers: { accept } }).mediaType(types) !== undefined
}
