import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { BEARER } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { SID, SUB } from '../wire/samples.ts'
import { BEARER_SECURITY } from '../wire/security.ts'

const Me = Type.Object(
  {
    sub: Type.String({ description: 'The user, or the client itself.' }),
    client_id: Type.String(),
    scope: Type.String(),
    roles: Type.Array(Type.String()),
    sid: Type.Optional(
      Type.String({ description: 'The session; absent when a client speaks for itself.' }),
    ),
    auth_time: Type.Optional(
      Type.Integer({ description: 'When the user logged in, in seconds since 1970.' }),
    ),
    amr: Type.Optional(Type.Array(Type.String())),
    expires_at: Type.Integer({
      description: 'When the access token expires, in seconds since 1970.',
    }),
  },
  { additionalProperties: false },
)

const USER = {
  sub: SUB,
  client_id: 'web',
  scope: 'orders:read orders:write',
  roles: ['customer'],
  sid: SID,
  auth_time: 1_795_261_600,
  amr: ['pwd'],
  expires_at: 1_795_262_179,
}
const CLIENT = {
  sub: 'backend',
  client_id: 'backend',
  scope: 'orders:read',
  roles: [],
  expires_at: 1_795_262_179,
}

/** `GET /me`: for whom the access token speaks. */
export function meRoute(app: FastifyInstance): void {
  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'For whom does my token speak?',
        description: 'Needs an access token whose audience includes this issuer.',
        tags: ['account'],
        security: BEARER_SECURITY,
        response: {
          ...problems(...BEARER),
          200: inJson('For whom the access token speaks.', Me, {
            user: { summary: 'A user, logged in', value: USER },
            client: { summary: 'A client, for itself', value: CLIENT },
          }),
        },
      },
    },
    async ({ user }) => ({
      sub: user.sub,
      client_id: user.client_id,
      scope: user.scope ?? '',
      roles: user.roles ?? [],
      expires_at: user.exp,
      ...(user.sid !== undefined && { sid: user.sid }),
      ...(user.auth_time !== undefined && { auth_time: user.auth_time }),
      ...(user.amr !== undefined && { amr: user.amr }),
    }),
  )
}
