import { type Explanation, rfc } from './explanation.ts'

/** What a token is asked to be good for. */
export const SCOPES = {
  scope_malformed: {
    title: 'The scope parameter cannot be read',
    cause:
      '`scope` holds spaces alone, more than 100 values, or a value that is none: longer than 128 characters, or with quotes, backslashes, control characters or anything beyond ASCII.',
    confirm: ['Look at `scope` as it was sent: values are separated by spaces, not by commas.'],
    remedy: {
      app: 'Send `scope=orders:read orders:write`, or leave it out to get all that is allowed. Nothing was used up.',
    },
    related: ['scope_not_allowed'],
    see: [rfc(6749, '3.3')],
  },
  scope_not_allowed: {
    title: 'More scope was asked for than there is to have',
    cause:
      'At a login or for a service, the client is not registered for a value. At a refresh, the session was not granted it: a refresh may ask for less, never for more (RFC 6749 section 6). The refresh token was not used up.',
    confirm: [
      'Compare `scope` of the request with that of `mintmark clients show <client_id>`.',
      'At a refresh, compare it with `scope` in the answer to the login: scopes that the client got since then are not in the session.',
    ],
    remedy: {
      app: 'Leave `scope` out, or ask for what was granted. For more, have the user log in again.',
      service: 'Leave `scope` out to get all that the client has.',
      operator: 'The scopes of a client are those that `mintmark clients create --scope` gave it.',
    },
    related: ['scope_malformed', 'resource_not_allowed'],
    see: [rfc(6749, '3.3')],
  },
  resource_not_allowed: {
    title: 'The token cannot be for this resource server',
    cause:
      'A `resource` of the request (`audience` at `POST /sessions`) is none of the audiences that the client is registered with, or, at a refresh, that the session was granted. It is compared character by character: a slash at the end makes another one.',
    confirm: [
      'Compare it with the audiences in `mintmark clients show <client_id>`, slashes and port included.',
    ],
    remedy: {
      app: 'Leave `resource` out to get all audiences, or name one that is registered. The refresh token was not used up.',
      operator: 'Register the client with the audience: `mintmark clients create … --audience`.',
    },
    related: ['scope_not_allowed', 'token_invalid'],
    see: [rfc(8707, '2')],
  },
  access_token_too_large: {
    title: 'The access token would be too large',
    cause:
      'Proxies and servers cut headers at 4 to 8 KB, so no access token of more than 4096 bytes is made. The `error_description` says how large it would have been, and names the largest claims.',
    confirm: [
      'From 2048 bytes on the log has `an access token is larger than 2 KB`, with the client and the largest claims.',
    ],
    remedy: {
      service:
        'Put less into `claims` and `roles` of `POST /sessions`: ids in the place of objects, and what only one service needs into that service.',
      app: 'Ask for fewer audiences by `resource`, if those are what is large.',
      operator: 'Shorten the custom claims and roles of the user and of the client.',
    },
    related: ['headers_too_large'],
    see: [rfc(9068, '2.2')],
  },
} satisfies Record<string, Explanation>
