import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Executor } from '../../db/connect.ts'
import type { EndSessions } from '../../sessions/end.ts'
import type { RefreshTokens } from '../../sessions/refresh-token.ts'
import { findByHandle } from '../../sessions/store.ts'
import { parametersOf } from '../plugins/bodies.ts'
import { originOf } from '../plugins/request-log.ts'
import type { RefreshCookies } from '../refresh-cookies.ts'
import { COOKIE, FORM } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { inFormOrJson } from '../wire/media.ts'
import { REFRESH_TOKEN } from '../wire/samples.ts'
import { cookieHeaders, pageRequestHeaders } from '../wire/token-request.ts'

const LogoutRequestBody = Type.Object({
  refresh_token: Type.Optional(
    Type.String({
      description:
        'Any refresh token of the session, also an old one; not for a client with cookies.',
    }),
  ),
  client_id: Type.Optional(
    Type.String({ description: 'Needed where the browser holds the cookie of another client.' }),
  ),
})

/**
 * `POST /logout`: ends the session of a refresh token. Holding any of its tokens is enough, since
 * ending a session harms nobody; a token that is unknown or ended already is 204 as well.
 */
export function logoutRoute(
  app: FastifyInstance,
  options: {
    db: Executor
    refreshTokens: RefreshTokens
    endSessions: EndSessions
    refreshCookies: RefreshCookies
  },
): void {
  const { db, refreshTokens, endSessions, refreshCookies } = options
  app.post(
    '/logout',
    {
      schema: {
        operationId: 'logout',
        summary: 'End a session',
        description:
          'Once this is answered no refresh of the session succeeds. Access tokens that are out are refused within a second or so by verifiers that follow `/.well-known/revocations`, at once by those that ask `/introspect`, and by all others once they expire.',
        tags: ['tokens'],
        security: [{ refreshCookie: [] }, {}],
        headers: pageRequestHeaders,
        body: inFormOrJson(LogoutRequestBody, {
          refresh_token: {
            summary: 'Any refresh token of the session',
            value: { refresh_token: REFRESH_TOKEN },
          },
        }),
        response: {
          ...oauthErrors(...FORM, ...COOKIE, 'master_key_missing'),
          204: {
            ...Type.Null({ description: 'The session has ended, now or before.' }),
            headers: cookieHeaders,
          },
        },
      },
    },
    async (request, reply) => {
      const parameters = parametersOf(request)
      const cookie = await refreshCookies.read(request, reply, parameters)
      // A second click, or another tab: what was to be ended is gone.
      if (cookie === undefined && (await refreshCookies.isAbsent(request, parameters))) {
        return reply.code(204).send()
      }
      const value = cookie?.refreshToken ?? parameters.require('refresh_token')
      const token = refreshTokens.parse(value)
      const found = token && (await findByHandle(db, token.handleHash))
      if (found !== undefined) {
        const { sid, sub, clientId } = found.session
        request.facts.sid = sid
        request.facts.clientId = clientId
        await endSessions.end({ sid }, 'logged_out', { by: sub, origin: originOf(request) })
      }
      // Not before the session has ended: it could not be ended by a second try then.
      if (cookie !== undefined) refreshCookies.clear(reply, cookie.client.clientId)
      return reply.code(204).send()
    },
  )
}
