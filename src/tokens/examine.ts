import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import { readCompact } from '../jwt/compact.ts'
import { type DecodedJwt, decodeUnverified } from '../jwt/decode.ts'
import { openVerification } from '../keys/key-ring.ts'
import { isPublished, type SigningKey } from '../keys/signing-key.ts'
import { listSigningKeys } from '../keys/store.ts'
import type { AccessTokenClaims } from './access-token.ts'
import { type Check, check, checkSession, instant, skipped } from './check.ts'
import { isAccessTokenClaims, isFor } from './judge.ts'
import type { ReadTokenState } from './state.ts'

/**
 * Examines an access token one check after the other, for an operator who wonders why it is
 * refused: where {@link JudgeAccessToken} stops at the first fault, this goes on as far as it can.
 * `audience` is checked when given. Throws DatabaseUnavailable.
 */
export type ExamineAccessToken = (token: string, audience: string | undefined) => Promise<Check[]>

export function createExamineAccessToken(options: {
  db: Executor
  issuer: string
  clock: Clock
  readTokenState: ReadTokenState
}): ExamineAccessToken {
  const { db, issuer, clock, readTokenState } = options
  return async (token, audience) => {
    const decoded = decodeUnverified(token)
    const form = checkForm(token, decoded)
    if (decoded === undefined) return [form]
    const keys = await listSigningKeys(db)
    const { kid, alg } = decoded.header
    const key = keys.find((one) => one.kid === kid)
    const { claims } = decoded
    const keyCheck = checkKey(key, kid, alg)
    const isUsable = form.outcome === 'passed' && keyCheck.outcome === 'passed'
    const signature = checkSignature(token, isUsable ? key : undefined)
    const isOurs = isAccessTokenClaims(claims, issuer)
    const vouched = signature.outcome === 'passed' && isOurs ? claims : undefined
    return [
      form,
      keyCheck,
      signature,
      check('issuer', claims.iss === issuer, issuer, show(claims.iss)),
      checkClaims(claims),
      checkLifetime(claims.exp, clock.now()),
      checkAudience(claims, audience),
      await checkState(vouched),
    ]
  }

  async function checkState(claims: AccessTokenClaims | undefined): Promise<Check> {
    if (claims === undefined) {
      return skipped('session', 'alive', 'not asked: the token is not one of ours')
    }
    const { stands, session } = await readTokenState(claims)
    if (claims.sid !== undefined) return checkSession(session, clock.now())
    const actual = stands ? 'not revoked, and of no session' : 'the token was revoked'
    return check('session', stands, 'not revoked', actual)
  }
}

function checkForm(token: string, decoded: DecodedJwt | undefined): Check {
  const expected = 'a compact JWS of ours: typ at+jwt; alg, kid, typ and nothing else'
  if (decoded === undefined) return check('form', false, expected, 'no JWT')
  const strict = readCompact(token)
  const { typ } = decoded.header
  if (strict?.typ === 'at+jwt') return check('form', true, expected, 'typ at+jwt')
  if (typ !== 'at+jwt') return check('form', false, expected, `typ ${show(typ)}`)
  const members = Object.keys(decoded.header)
  const fault =
    members.length === 3
      ? 'not in the bytes that our signer writes'
      : `a header of ${members.join(', ')}`
  return check('form', false, expected, fault)
}

function checkKey(key: SigningKey | undefined, kid: unknown, alg: unknown): Check {
  const expected = 'a published key of this service, and its algorithm'
  if (key === undefined) return check('key', false, expected, `kid ${show(kid)} is unknown here`)
  const holds = isPublished(key) && key.algorithm === alg
  const actual = `kid ${key.kid}, ${key.state}, ${key.algorithm}`
  return check(
    'key',
    holds,
    expected,
    key.algorithm === alg ? actual : `${actual}, not ${show(alg)}`,
  )
}

function checkSignature(token: string, key: SigningKey | undefined): Check {
  const expected = 'made by that key'
  if (key === undefined) return skipped('signature', expected, 'nothing to verify it with')
  const holds = openVerification(key).verifySignature(token) !== undefined
  return check('signature', holds, expected, holds ? 'made by that key' : 'not made by that key')
}

function checkClaims(claims: DecodedJwt['claims']): Check {
  const expected = 'sub, aud, client_id, jti, iat, exp (RFC 9068 section 2.2)'
  const holds = isAccessTokenClaims(claims, claims.iss as string)
  const required = ['sub', 'aud', 'client_id', 'jti', 'iat', 'exp']
  const missing = required.filter((name) => claims[name] === undefined)
  const fault = missing.length > 0 ? `without ${missing.join(', ')}` : 'one is of a wrong type'
  return check('claims', holds, expected, holds ? 'all there' : fault)
}

function checkLifetime(exp: unknown, now: number): Check {
  const expected = `exp after ${instant(now - (now % 1000))}`
  if (typeof exp !== 'number') return check('lifetime', false, expected, `exp ${show(exp)}`)
  return check('lifetime', exp * 1000 > now, expected, `exp ${instant(exp * 1000)}`)
}

function checkAudience(claims: DecodedJwt['claims'], audience: string | undefined): Check {
  const actual = show(claims.aud)
  if (audience === undefined) return skipped('audience', 'any: give --audience to check', actual)
  return check('audience', isFor(claims as AccessTokenClaims, audience), audience, actual)
}

function show(value: unknown): string {
  if (value === undefined) return 'missing'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
