import { type Explanation, README, rfc } from './explanation.ts'

/** What is wrong with an access token, or with what it is used for. */
export const BEARER = {
  token_missing: {
    title: 'There is no access token',
    status: 401,
    cause:
      'The route wants `Authorization: Bearer` and an access token; the header is missing, or has another scheme. Tokens in the URL are not read.',
    confirm: [
      'Look at the request as it arrives: some proxies and redirects drop the `Authorization` header.',
    ],
    remedy: {
      app: 'Send `Authorization: Bearer <access_token>`. Your tokens are fine: this answer is no reason to throw them away.',
    },
    related: ['token_malformed'],
    see: [rfc(6750, '2.1')],
  },
  token_repeated: {
    title: 'Two access tokens came',
    status: 400,
    cause:
      'There are two `Authorization` headers, or one of them and an `access_token` in the URL. Which one counts could be read differently on the way (RFC 6750 section 2).',
    confirm: ['Look at the headers and the URL of the request as it arrives at the service.'],
    remedy: {
      app: 'Send the token once, in the `Authorization` header, never in a URL: those are logged.',
    },
    related: ['token_missing', 'client_authentication_ambiguous'],
    see: [rfc(6750, '2')],
  },
  token_malformed: {
    title: 'The access token is no JWT of this service',
    status: 401,
    cause:
      'What stands behind `Bearer` has not the form of a signed JWT: it is cut off, has quotes around it, is a refresh token (`mm_rt_…`), or is the word `undefined`.',
    confirm: ['Run `mintmark token inspect -` and paste what was sent behind `Bearer`.'],
    remedy: {
      app: 'Send the value of `access_token` from the last answer of `/token` or `/refresh`, as it is.',
    },
    related: ['token_missing', 'token_invalid'],
    see: [rfc(6750, '3.1')],
  },
  token_invalid: {
    title: 'The access token is not good here',
    status: 401,
    cause:
      'It was signed by a key that this service does not publish, its signature is wrong, its `typ` is neither `at+jwt` nor `JWT`, a claim is missing, or its `iss` or `aud` is another. The routes of Mintmark’s own (`/me`, `/sessions`) want the issuer itself among the audiences, and `GET /forward-auth` the audience that the gateway names.',
    confirm: [
      'Run `mintmark token verify -` with the configuration of the service: it examines one thing after the other and says which fails.',
      'Compare `aud` of `mintmark token inspect -` with `ISSUER`, character by character.',
    ],
    remedy: {
      app: 'See that the token is of this environment. If `aud` lacks the issuer, the client lacks it.',
      operator:
        'Register clients whose users shall see their sessions with the issuer among their audiences (`--audience https://orders.example https://auth.example`).',
    },
    related: ['token_expired', 'token_malformed', 'resource_not_allowed'],
    see: [README, rfc(9068, '4')],
  },
  token_expired: {
    title: 'The access token has expired',
    status: 401,
    cause:
      'An access token lives for `ACCESS_TOKEN_TTL` (10 minutes by default, less up to 5 %), or for the time that its client is registered with; `expires_in` said so when it was issued. It is judged by the clock of the database.',
    confirm: [
      'Run `mintmark token inspect -`: `exp` is past.',
      'If it happens right after a refresh, the clock of the device plays no part here, but it may mislead an app that reckons with `exp`: use `expires_in`.',
    ],
    remedy: {
      app: 'Refresh once and repeat the call with the new token. This is the everyday case, not an end of the session.',
    },
    related: ['token_revoked', 'token_invalid'],
    see: [rfc(6750, '3.1')],
  },
  token_revoked: {
    title: 'The access token was revoked, or its session has ended',
    status: 401,
    cause:
      'The token has not expired, but its session was ended (by a logout, another device, an operator, a new password, a found reuse) or it was revoked itself. Mintmark’s own routes learn of it at once; services that verify offline within seconds where they follow the list of revocations, as mintmark/verifier does, and else when the token expires.',
    confirm: [
      'Run `mintmark explain session <sid>` with the `sid` of the token: it tells how and by whom the session ended.',
      'Ask `POST /introspect`: it says `"active":false`.',
    ],
    remedy: {
      app: 'Refresh: the answer is `invalid_grant` with the reason of the end. Then have the user log in.',
      service:
        'Follow `/.well-known/revocations` (`revocation: "stream"` in mintmark/verifier) to know of an end within seconds, or ask `POST /introspect` for each call.',
    },
    related: ['token_expired', 'session_revoked', 'refresh_reused'],
    see: [rfc(7662, '2.2')],
  },
  user_required: {
    title: 'This needs the access token of a user',
    status: 403,
    cause:
      'The token is of a client that speaks for itself (`client_credentials`), which has no session and so none to list or end.',
    confirm: ['Run `mintmark token inspect -`: it has no `sid`, and `sub` is the `client_id`.'],
    remedy: {
      service: 'Pass on the token of the user for whom you act.',
      operator: 'To look after sessions of others, use `mintmark sessions` or the admin API.',
    },
    related: ['session_unknown'],
  },
  session_unknown: {
    title: 'You have no session with this id',
    status: 404,
    cause:
      'The id is no session’s, or that of somebody else, which is not told apart. Sessions are forgotten 30 days after their greatest age.',
    confirm: [
      'Compare the id with those of `GET /sessions`; the `sid` of an access token is such an id.',
      'As an operator: `mintmark explain session <sid>`.',
    ],
    remedy: {
      app: 'Read the list again: the session may have been ended elsewhere.',
    },
    related: ['user_required'],
  },
  docs_password_required: {
    title: 'The documentation asks for a password',
    status: 401,
    cause:
      'Swagger UI at `/docs` is guarded by `DOCS_PASSWORD` here, and the password is missing or wrong. These pages about errors, and `/openapi.json`, are open.',
    confirm: ['Wrong passwords are counted like the failures of a client: 20 a minute.'],
    remedy: {
      app: 'Ask the operator for it; any user name will do.',
      operator:
        'Change `DOCS_PASSWORD` and restart, or switch the documentation off by `DOCS=off`.',
    },
    related: ['too_many_failures'],
  },
} satisfies Record<string, Explanation>
