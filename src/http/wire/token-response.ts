import { type Static, Type } from 'typebox'
import type { TokenAnswer } from '../../grants/answer.ts'
import { formatScope } from '../../oauth/scope.ts'
import { ACCESS_TOKEN, REFRESH_TOKEN } from './samples.ts'

/** The successful answer of RFC 6749 §5.1, with all three lifetimes told. */
export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ description: 'A JWT (RFC 9068), for the Authorization header.' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds until the access token expires.' }),
    scope: Type.String({ description: 'What the access token allows, space-separated.' }),
    refresh_token: Type.Optional(
      Type.String({ description: 'Keep this one and forget the one before it.' }),
    ),
    refresh_expires_in: Type.Optional(
      Type.Integer({ description: 'Seconds until the session ends if it is not refreshed.' }),
    ),
    session_expires_in: Type.Optional(
      Type.Integer({ description: 'Seconds until the session ends in any case.' }),
    ),
  },
  {
    $id: 'TokenResponse',
    description: 'Tokens (RFC 6749 section 5.1).',
    additionalProperties: false,
  },
)

/** Examples of it. */
export const userTokens = {
  summary: 'For a user: a session begins, or goes on',
  value: {
    access_token: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: 588,
    scope: 'orders:read orders:write',
    refresh_token: REFRESH_TOKEN,
    refresh_expires_in: 1_209_600,
    session_expires_in: 7_776_000,
  },
}
export const clientTokens = {
  summary: 'For a client itself: an access token, and no session',
  value: {
    access_token: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: 579,
    scope: 'orders:read',
  },
}

/** The wire form of a token answer. */
export function toTokenResponse(answer: TokenAnswer): Static<typeof TokenResponse> {
  return {
    access_token: answer.accessToken,
    token_type: 'Bearer',
    expires_in: answer.expiresInSeconds,
    scope: formatScope(answer.scope),
    ...(answer.refreshToken !== undefined && { refresh_token: answer.refreshToken }),
    ...(answer.refreshExpiresInSeconds !== undefined && {
      refresh_expires_in: answer.refreshExpiresInSeconds,
    }),
    ...(answer.sessionExpiresInSeconds !== undefined && {
      session_expires_in: answer.sessionExpiresInSeconds,
    }),
  }
}
