import { type Explanation, LIMITS_DOCUMENT } from './explanation.ts'

const WAIT = 'Wait for as many seconds as `Retry-After` says, and keep every token.'

/** What is refused because there was too much of it. */
export const LIMITS = {
  too_many_refreshes: {
    title: 'The session is refreshed too often',
    cause:
      'More rotations of one session than `RATE_LIMIT_REFRESH` (300 a minute by default). Retries and second tabs are free, so this is a loop: an app that refreshes for every call, or after each 401 again and again. The session lives.',
    confirm: [
      'The log has many lines of route `/refresh` or `/token` with `outcome` `rotated` and one `sid`.',
      'The header `RateLimit-Policy` names the count `refresh` and its limit.',
    ],
    remedy: {
      app: `${WAIT} Refresh when \`expires_in\` is nearly over, not for every call; if a call is 401 right after a refresh, stop and show the error.`,
    },
    related: ['token_expired'],
    see: [LIMITS_DOCUMENT],
  },
  too_many_failures: {
    title: 'Too many failed authentications of this client',
    cause:
      'A client failed to authenticate too often from this address (`RATE_LIMIT_CLIENT_FAILURES`, 20 a minute by default, and five times that for all clients of the address); wrong passwords of `/docs` count as well. The right secret goes through all the same.',
    confirm: [
      'The log has `client_authentication_failed` for the same `address` before this one.',
      'Mostly one instance still runs with a secret that was rotated away.',
    ],
    remedy: {
      service: `Mend the secret; trying again with the wrong one prolongs it. ${WAIT}`,
      operator: '`mintmark clients show <client_id>` tells how the client should authenticate.',
    },
    related: ['client_authentication_failed', 'docs_password_required'],
    see: [LIMITS_DOCUMENT],
  },
  too_many_requests: {
    title: 'Too many requests',
    cause:
      'One address reads keys and metadata too often (`RATE_LIMIT_PUBLIC`, 3000 a minute by default), or one client introspects too often (`RATE_LIMIT_INTROSPECT`, 60000 a minute).',
    confirm: [
      'The header `RateLimit-Policy` names the count: `public` or `introspect`.',
      'The log has `a limit was reached` with the `bucket` and the `address`; if that is your proxy’s, `TRUSTED_PROXIES` is missing.',
    ],
    remedy: {
      service: `${WAIT} Keep the JWK set for as long as its \`Cache-Control\` says, and one for the whole process, not one for each request.`,
      operator: 'Set `TRUSTED_PROXIES` behind a proxy; else all callers are limited as one.',
    },
    see: [LIMITS_DOCUMENT],
  },
  too_many_streams: {
    status: 503,
    title: 'Too many follow what is revoked',
    cause:
      'A thousand connections follow `/.well-known/revocations/stream` of this replica, or fifty from one address (of IPv6: from one /64), and it takes no more. Nothing is lost: the list itself is there for everybody.',
    confirm: [
      'One stream a process is enough: look for a service that opens one for each request.',
      'The log has `too_many_streams` as the `reason` of the request, with its `address`; if that is your proxy’s, `TRUSTED_PROXIES` is missing.',
      'Count the open connections to this replica.',
    ],
    remedy: {
      service:
        'Fetch `/.well-known/revocations?since=…` every few seconds, and try the stream again later; `mintmark/verifier` does so by itself.',
      operator:
        'Set `TRUSTED_PROXIES` behind a proxy; else start more replicas, or let fewer verifiers follow.',
    },
    related: ['too_many_requests'],
    see: [LIMITS_DOCUMENT],
  },
} satisfies Record<string, Explanation>
