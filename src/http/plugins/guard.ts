import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../../base/clock.ts'
import { algorithmNames } from '../../jwt/algorithms.ts'
import { readCompact } from '../../jwt/compact.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import { isAccessTokenType } from '../../oauth/access-token-type.ts'
import type { AccessTokenClaims } from '../../tokens/access-token.ts'
import { isAccessTokenClaims, isOfTheFuture } from '../../tokens/judge.ts'
import type { ReadTokenState } from '../../tokens/state.ts'
import { readBearer, refusedToken } from '../bearer.ts'
import { Problem } from '../problem.ts'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    user: AccessTokenClaims
  }
}

export interface GuardOptions {
  issuer: string
  keyRing: KeyRing
  clock: Clock
  readTokenState: ReadTokenState
}

/**
 * Lets into this scope only requests with a good access token (RFC 6750) that is meant for this
 * service and whose session is alive; its claims are `request.user`. Refusals are 401 problems with
 * a challenge, never 401 for an outage.
 */
export function guardWithBearer(app: FastifyInstance, options: GuardOptions): void {
  const { issuer, keyRing, clock, readTokenState } = options
  app.register(fastifyJwt, {
    secret: async (_request: FastifyRequest, token: unknown) => {
      const { kid, alg } = (token as { header: { kid: string; alg: string } }).header
      const key = keyRing.find(kid)
      if (key === undefined || key.algorithm !== alg)
        throw refusedToken('token_invalid', UNKNOWN_KEY)
      return key.pem
    },
    decode: { complete: true },
    verify: {
      algorithms: algorithmNames,
      allowedIss: issuer,
      allowedAud: issuer,
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
      cache: false,
      extractToken: (request) => readBearer(request as FastifyRequest),
      // The lifetime is judged below, on the clock that everything here is judged by.
      ignoreExpiration: true,
    },
  })
  app.addHook('onRequest', async (request) => {
    const token = readBearer(request)
    const header = readCompact(token)
    if (header === undefined) {
      throw refusedToken('token_malformed', 'the access token is not a JWT of this service')
    }
    if (!isAccessTokenType(header.typ)) {
      throw refusedToken('token_invalid', 'the token is not an access token: its typ is another')
    }
    await verify(request)
    const claims = request.user
    if (!isAccessTokenClaims(claims, issuer)) {
      throw refusedToken('token_invalid', 'the access token lacks a claim of RFC 9068 section 2.2')
    }
    if (isOfTheFuture(claims, clock.now())) {
      throw refusedToken('token_invalid', 'the access token says that it is made in the future')
    }
    if (claims.exp * 1000 <= clock.now()) {
      throw refusedToken('token_expired', 'the access token has expired; refresh it')
    }
    request.facts.clientId = claims.client_id
    if (claims.sid !== undefined) request.facts.sid = claims.sid
    if (!(await readTokenState(claims)).stands) {
      throw refusedToken('token_revoked', 'the access token was revoked, or its session has ended')
    }
  })
}

const UNKNOWN_KEY = 'the access token was signed by a key that this service does not publish'

/** What @fastify/jwt says by code, in our words. */
const MESSAGES: Record<string, string> = {
  FAST_JWT_INVALID_SIGNATURE: 'the signature of the access token is wrong',
  FAST_JWT_INVALID_CLAIM_VALUE:
    'the access token is not meant for this service: see its iss and aud',
}

async function verify(request: FastifyRequest): Promise<void> {
  try {
    await request.jwtVerify()
  } catch (error) {
    if (error instanceof Problem) throw error
    const { code = '' } = error as { code?: string }
    throw refusedToken('token_invalid', MESSAGES[code] ?? 'the access token is not valid')
  }
}
