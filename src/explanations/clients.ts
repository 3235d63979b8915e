import { type Explanation, rfc } from './explanation.ts'

/** Who asks, and for which grant. */
export const CLIENTS = {
  client_authentication_missing: {
    title: 'The request does not say which client it comes from',
    cause: 'There is neither an `Authorization: Basic` header nor a `client_id` in the body.',
    confirm: [
      'Look at the body as it was sent: `client_id` is missing or empty, or the body went out as another media type and was not read as a form.',
      'A proxy may have taken the `Authorization` header away.',
    ],
    remedy: {
      app: 'Send `client_id` in the body; a frontend has no secret.',
      service:
        'Send `Authorization: Basic` with id and secret, or both in the body, as the client is registered.',
    },
    related: ['client_authentication_failed', 'cookie_missing'],
    see: [rfc(6749, '2.3.1')],
  },
  client_authentication_failed: {
    title: 'The client is unknown or out of use, or its secret or method is wrong',
    cause:
      'No client has that id (any more), the client is disabled, the secret is not (or no longer) its own, a client with a secret sent none, or the secret came in another way than the one registered. All are answered alike, so that strangers learn nothing of clients; only who knows the secret is told that it is merely the way. A `client_assertion` is not supported.',
    confirm: [
      'Run `mintmark clients show <client_id>`: it finds no client that is unknown or was deleted, and says since when one is disabled. Its authentication must be the way in which the request sends the secret (`none` for none at all).',
      'The event `client.authentication_failed` has the `why`: `unknown_client`, `client_disabled`, `wrong_secret` or `wrong_method`. `mintmark explain session <request_id>` tells it.',
      'After `mintmark clients rotate-secret`, the old secret works until the overlap is over, a day by default.',
      'In a Basic header, id and secret are percent-encoded before base64 (RFC 6749 section 2.3.1), which matters for `%`, `+` and `:`.',
    ],
    remedy: {
      app: 'See that `client_id` is the one of this environment. It is no reason to throw tokens away; while it lasts, nobody can log in or refresh.',
      service: 'Use the current secret; if it is lost, have it rotated: it cannot be read again.',
      operator:
        '`mintmark clients rotate-secret <client_id>` prints a new secret once, and `mintmark clients enable <client_id>` lets a disabled client work again. Its users must log in once, as those of a client that is registered again.',
    },
    related: [
      'client_authentication_missing',
      'too_many_failures',
      'client_disabled',
      'client_deleted',
    ],
    see: [rfc(6749, '5.2')],
  },
  client_authentication_ambiguous: {
    title: 'The client is named in two ways',
    cause:
      'One way to authenticate is allowed (RFC 6749 section 2.3). The request has two `Authorization` headers, or a header and a `client_secret` or `client_assertion` beside it, or a `client_id` in the body that is another than the header’s.',
    confirm: [
      'Look at the request as it was sent. HTTP libraries often add an `Authorization` header of their own, and proxies a second one.',
    ],
    remedy: {
      service: 'Leave one of the two out: the header is the usual choice.',
      app: 'Do not send an access token in `Authorization` to the token endpoints.',
    },
    related: ['client_authentication_failed', 'token_repeated'],
    see: [rfc(6749, '2.3')],
  },
  client_not_allowed: {
    title: 'The client may not use this endpoint',
    cause:
      'The client is known, but this endpoint is not for it: `POST /sessions` is for clients with the scope `sessions:start`, and `POST /introspect` for confidential clients.',
    confirm: ['Run `mintmark clients show <client_id>` and look at its scope and authentication.'],
    remedy: {
      service: 'Call with the client that was registered for the purpose, not with the frontend’s.',
      operator:
        'Register a client for it: `mintmark clients create <client_id> --auth-method client_secret_basic --grant client_credentials --scope sessions:start`.',
    },
    related: ['grant_not_allowed', 'scope_not_allowed'],
  },
  grant_not_allowed: {
    title: 'The client is not registered for this grant',
    cause:
      'A client may use the grants that it was registered with and no others; `client_credentials` is for confidential clients alone. `POST /refresh` stands for the grant `refresh_token`.',
    confirm: ['Run `mintmark clients show <client_id>` and compare its grants with the request.'],
    remedy: {
      app: 'See that `client_id` is that of this app. Tokens are untouched: keep them.',
      operator:
        'Register the client with the grants it needs (`mintmark clients create … --grant password refresh_token`).',
    },
    related: ['grant_type_unsupported', 'client_not_allowed'],
    see: [rfc(6749, '5.2')],
  },
  grant_type_unsupported: {
    title: 'There is no such grant here',
    cause:
      'The `grant_type` is none that this service has. The `error_description` lists those that there are; case and spaces matter.',
    confirm: ['Read `grant_types_supported` at `GET /.well-known/oauth-authorization-server`.'],
    remedy: {
      app: 'Use `password` or `refresh_token`; `implicit` will not come (RFC 9700 section 2.1.2).',
      service: 'Use `client_credentials` for a service that speaks for itself.',
    },
    related: ['grant_not_allowed', 'parameter_missing'],
    see: [rfc(6749, '4')],
  },
  token_of_other_client: {
    title: 'The token was issued to another client',
    cause:
      'A client may revoke its own tokens alone (RFC 7009 section 2.1), and this one belongs to another. Nothing was revoked.',
    confirm: [
      'Run `mintmark token inspect -` with an access token: `client_id` is its client. For a refresh token, `mintmark sessions list` has the client of each session.',
    ],
    remedy: {
      app: 'Call with the `client_id` that the user logged in with, or use `POST /logout`, which asks for the refresh token alone.',
      operator: '`mintmark sessions end <sid>` ends a session of any client.',
    },
    related: ['client_mismatch'],
    see: [rfc(7009, '2.1')],
  },
} satisfies Record<string, Explanation>
