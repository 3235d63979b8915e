import { limit } from './limit.ts'
import type { Variable } from './variable.ts'

/** The variables of what is limited, in the README's order. */
export const LIMIT_VARIABLES = {
  rateLimitLoginAccount: {
    name: 'RATE_LIMIT_LOGIN_ACCOUNT',
    description:
      'Failed logins of one account from one address (IPv6: one /64). `off` here and below: no limit.',
    example: '10/5m',
    default: '10/5m',
    read: limit,
  },
  rateLimitLoginAccountTotal: {
    name: 'RATE_LIMIT_LOGIN_ACCOUNT_TOTAL',
    description:
      'Failed logins of one account from all addresses; beyond it only addresses that a session of ' +
      'the account was last used from may try.',
    example: '60/10m',
    default: '60/10m',
    read: limit,
  },
  rateLimitLoginAddress: {
    name: 'RATE_LIMIT_LOGIN_ADDRESS',
    description: 'Failed logins from one address, whatever the account.',
    example: '100/5m',
    default: '100/5m',
    read: limit,
  },
  rateLimitRefresh: {
    name: 'RATE_LIMIT_REFRESH',
    description: 'Rotations of one session; retries are free.',
    example: '300/1m',
    default: '300/1m',
    read: limit,
  },
  rateLimitClientFailures: {
    name: 'RATE_LIMIT_CLIENT_FAILURES',
    description:
      'Failed authentications of one client from one address; of all clients from it, five times that.',
    example: '20/1m',
    default: '20/1m',
    read: limit,
  },
  rateLimitIntrospect: {
    name: 'RATE_LIMIT_INTROSPECT',
    description: 'Introspections by one client.',
    example: '60000/1m',
    default: '60000/1m',
    read: limit,
  },
  rateLimitPublic: {
    name: 'RATE_LIMIT_PUBLIC',
    description: 'Reads of the JWK set, its keys and the metadata from one address.',
    example: '3000/1m',
    default: '3000/1m',
    read: limit,
  },
} satisfies Record<string, Variable<unknown>>
