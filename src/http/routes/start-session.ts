import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { StartBackendSession } from '../../grants/start-session.ts'
import { OAuthError, quotable } from '../../oauth/error.ts'
import { START_SCOPE } from '../../oauth/scope.ts'
import { storageProblem } from '../../oauth/storable.ts'
import type { Limits } from '../limits/limits.ts'
import { originOf } from '../plugins/request-log.ts'
import { BODY, CLIENT, ISSUE, STATEFUL } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { headerAlways, neverStored } from '../wire/header.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { EXAMPLES, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { SID } from '../wire/samples.ts'
import { TokenResponse, toTokenResponse, userTokens } from '../wire/token-response.ts'

const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$', description })

/** The body, its claims, and what these may nest. */
const DEPTH_LIMIT = 10

const Audience = text(500, 'An audience of the frontend.')

const SessionRequestBody = Type.Object(
  {
    sub: text(255, 'Who the user is, for you: the same user, the same sub.'),
    client_id: text(100, 'The frontend that the tokens are for.'),
    scope: Type.Optional(text(4096, 'Space-separated; all of the frontend’s when left out.')),
    audience: Type.Optional(
      Type.Union([Audience, Type.Array(Audience, { maxItems: 20 })], {
        description: 'One or several; all of the frontend’s when left out.',
      }),
    ),
    roles: Type.Optional(
      Type.Array(Type.String({ pattern: '^[\\x21-\\x7e]{1,64}$' }), { maxItems: 50 }),
    ),
    claims: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Custom claims, 2 KB at most.' }),
    ),
    amr: Type.Optional(
      Type.Array(Type.String({ pattern: '^[\\x21-\\x7e]{1,32}$' }), {
        description: 'How the user was authenticated (RFC 8176).',
        maxItems: 10,
      }),
    ),
    acr: Type.Optional(text(255, 'How strongly the user was authenticated.')),
    auth_time: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2 ** 40,
        description: 'In seconds since 1970; else now.',
      }),
    ),
    device: Type.Optional(
      Type.Object(
        {
          user_agent: Type.Optional(text(512, 'The user’s, not yours.')),
          address: Type.Optional(text(45, 'The user’s IP address.')),
          label: Type.Optional(
            text(
              100,
              'A name for the device that the user recognises; else `user_agent` makes one.',
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

/** `POST /sessions`: a trusted backend starts a session for a user whom it has authenticated. */
export function startSessionRoute(
  app: FastifyInstance,
  options: { startBackendSession: StartBackendSession; limits: Limits },
): void {
  app.post<{ Body: Static<typeof SessionRequestBody> }>(
    '/sessions',
    {
      config: { pages: 'none' },
      schema: {
        operationId: 'startSession',
        summary: 'Start a session for a user',
        description: `For a backend that has authenticated the user itself. It authenticates with Basic and needs the scope \`${START_SCOPE}\`.`,
        tags: ['sessions'],
        security: [{ backendBasic: [] }],
        body: {
          ...SessionRequestBody,
          [EXAMPLES]: {
            session: {
              summary: 'A user who has shown a second factor',
              value: { sub: 'user-42', client_id: 'web', amr: ['mfa'] },
            },
          },
        },
        response: {
          ...oauthErrors(
            ...STATEFUL,
            ...BODY,
            ...CLIENT,
            ...ISSUE,
            'credentials_in_query',
            'client_authentication_ambiguous',
            'client_not_allowed',
            'user_disabled',
          ),
          201: inJson(
            'The session’s first tokens.',
            reference(TokenResponse),
            { user: userTokens },
            {
              Location: headerAlways('The session, as the user sees it.', `/sessions/${SID}`),
              ...limitHeaders('client'),
              ...neverStored,
            },
          ),
        },
      },
    },
    async (request, reply) => {
      const { body } = request
      const { audience, roles, claims, amr, acr, device } = body
      const problem = storageProblem(body, DEPTH_LIMIT)
      if (problem !== undefined) throw new OAuthError('parameter_invalid', `the body ${problem}`)
      if (device?.address !== undefined && isIP(device.address) === 0) {
        throw new OAuthError(
          'parameter_invalid',
          `device.address ${quotable(device.address)} is not an IP address`,
        )
      }
      const answer = await options.startBackendSession({
        authorizationHeader: request.headers.authorization,
        sub: body.sub,
        clientId: body.client_id,
        scope: body.scope,
        audience: [audience ?? []].flat(),
        roles: roles ?? [],
        claims: claims ?? {},
        amr: amr ?? [],
        acr,
        authTime: body.auth_time,
        device: {
          userAgent: device?.user_agent,
          address: device?.address,
          label: device?.label,
        },
        origin: originOf(request),
        limits: options.limits(request),
      })
      request.facts.clientId = answer.startedBy
      if (answer.sid !== undefined) request.facts.sid = answer.sid
      return reply
        .code(201)
        .header('location', `/sessions/${answer.sid}`)
        .send(toTokenResponse(answer))
    },
  )
}
