import { isPublic, narrowAudience, narrowScope } from '../../clients/client.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { Grant } from '../grant.ts'

/**
 * The client speaks for itself (RFC 6749 §4.4). Never a refresh token: the client can ask again
 * whenever it likes (§4.4.3).
 */
export function createClientCredentialsGrant(): Grant {
  return {
    type: 'client_credentials',
    begin:
      (parameters) =>
      async ({ client }) => {
        if (isPublic(client)) {
          throw new OAuthError(
            'grant_not_allowed',
            'client_credentials is for confidential clients only (RFC 6749 section 4.4)',
          )
        }
        const allowed = client.audience.map(({ audience }) => audience)
        return {
          subject: {
            client,
            session: undefined,
            scope: narrowScope(client.scope, parameters.get('scope')),
            audience: narrowAudience(allowed, parameters.resources),
          },
        }
      },
  }
}
