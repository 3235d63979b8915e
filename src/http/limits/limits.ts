import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sha256 } from '../../base/hash.ts'
import type { Limit } from '../../config/limit.ts'
import type { RedisAddress } from '../../config/readers.ts'
import type { Executor } from '../../db/connect.ts'
import type { RequestLimits } from '../../grants/limits.ts'
import { addressOf, addressPrefix } from '../address.ts'
import { createBucket } from './bucket.ts'
import { openCounters } from './counters.ts'
import { createGate, passCounted } from './gate.ts'
import { limitLogins } from './logins.ts'
import { type Others, shareCounts } from './others.ts'
import type { RedisLog } from './redis.ts'
import { createWatch } from './watch.ts'

/** How much of what: the configuration's variables `RATE_LIMIT_…`. */
export interface LimitSettings {
  readonly rateLimitLoginAccount: Limit | 'off'
  readonly rateLimitLoginAccountTotal: Limit | 'off'
  readonly rateLimitLoginAddress: Limit | 'off'
  readonly rateLimitRefresh: Limit | 'off'
  readonly rateLimitClientFailures: Limit | 'off'
  readonly rateLimitIntrospect: Limit | 'off'
  readonly rateLimitPublic: Limit | 'off'
  /** Where the replicas count together; undefined: each counts alone. */
  readonly redisUrl?: RedisAddress
}

/** What a request is limited by, with what no grant knows of. Both throw `too_many_requests`. */
export interface RouteLimits extends RequestLimits {
  /** Counts an introspection by a client that has been authenticated. */
  introspection(clientId: string): Promise<void>
  /** Counts a read of what everybody may read. */
  publicRead(): Promise<void>
}

/** The limits of a request. */
export type Limits = (request: FastifyRequest) => RouteLimits

/** Opens the counters. To be called before the routes that are limited. */
export async function createLimits(
  app: FastifyInstance,
  options: {
    limitSettings: LimitSettings
    issuer: string
    db: Executor
    logger: RedisLog
    others?: Others | undefined
  },
): Promise<Limits> {
  const { limitSettings: settings, issuer, db, logger } = options
  const counters = await openCounters(app, { redisUrl: settings.redisUrl, issuer, logger })
  const watch = createWatch(app)
  const bucket = (name: string, what: string, limit: Limit | 'off') =>
    createBucket({ name, what, limit, counters })
  // A guess is a guess, whichever worker it meets. What is no guess is work, of which each can do as much.
  const guesses = (name: string, what: string, limit: Limit | 'off') =>
    shareCounts(bucket(name, what, limit), name, options.others)
  const login = limitLogins({
    db,
    watch,
    account: guesses(
      'login',
      'failed logins of this account from this address',
      settings.rateLimitLoginAccount,
    ),
    total: guesses(
      'login-total',
      'failed logins of this account, of which no session was last used from this address',
      settings.rateLimitLoginAccountTotal,
    ),
    address: guesses(
      'login-address',
      'failed logins from this address',
      settings.rateLimitLoginAddress,
    ),
  })
  const failures = settings.rateLimitClientFailures
  const client = guesses('client', 'failed authentications of this client', failures)
  const clients = guesses('clients', 'failed client authentications', ofAllClients(failures))
  const refreshes = bucket('refresh', 'refreshes of this session', settings.rateLimitRefresh)
  const asked = bucket('introspect', 'introspections', settings.rateLimitIntrospect)
  const read = bucket('public', 'requests from this address', settings.rateLimitPublic)

  return (request) => {
    const prefix = () => addressPrefix(addressOf(request))
    return {
      login: (account) => login(request, account),
      refresh: (handleHash) =>
        createGate('too_many_refreshes', request, watch, () => [
          [refreshes, handleHash.toString('base64url')],
        ]),
      client: (clientId) =>
        createGate('too_many_failures', request, watch, () => [
          [client, `${hash(clientId)} ${prefix()}`],
          [clients, prefix()],
        ]),
      introspection: (clientId) => passCounted(request, watch, [asked, hash(clientId)]),
      publicRead: () => passCounted(request, watch, [read, prefix()]),
    }
  }
}

/** A client_id is as long as the caller likes; its hash is not. */
function hash(clientId: string): string {
  return sha256(clientId).toString('base64url')
}

const SEVERAL_CLIENTS = 5

/** Whoever names another client each time is stopped as well, a little later. */
function ofAllClients(limit: Limit | 'off'): Limit | 'off' {
  return limit === 'off' ? limit : { ...limit, count: limit.count * SEVERAL_CLIENTS }
}
