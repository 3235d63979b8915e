import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import { UnfitKey } from '../jwt/accept-key.ts'
import { readCompact } from '../jwt/compact.ts'
import { type DecodedJwt, decodeUnverified } from '../jwt/decode.ts'
import { openVerification } from '../keys/open-key.ts'
import { isPublished, type SigningKey } from '../keys/signing-key.ts'
import { listSigningKeys } from '../keys/store.ts'
import { accessTokenTypes, isAccessTokenType } from '../oauth/access-token-type.ts'
import type { AccessTokenClaims } from './access-token.ts'
import { examineSession, type Finding, finding, instant, skipped } from './finding.ts'
import { isAccessTokenClaims, isFor, isOfTheFuture } from './judge.ts'
import type { ReadTokenState } from './state.ts'

/**
 * Examines an access token one thing after the other, for an operator who wonders why it is
 * refused: where {@link JudgeAccessToken} stops at the first fault, this goes on as far as it can.
 * `audience` is looked at when given. Throws DatabaseUnavailable.
 */
export type ExamineAccessToken = (token: string, audience: string | undefined) => Promise<Finding[]>

export function createExamineAccessToken(options: {
  db: Executor
  issuer: string
  clock: Clock
  readTokenState: ReadTokenState
}): ExamineAccessToken {
  const { db, issuer, clock, readTokenState } = options
  return async (token, audience) => {
    const decoded = decodeUnverified(token)
    const form = examineForm(token, decoded)
    if (decoded === undefined) return [form]
    const keys = await listSigningKeys(db)
    const { kid, alg } = decoded.header
    const key = keys.find((one) => one.kid === kid)
    const { claims } = decoded
    const keyFinding = examineKey(key, kid, alg)
    const isUsable = form.outcome === 'passed' && keyFinding.outcome === 'passed'
    const signature = examineSignature(token, isUsable ? key : undefined)
    const isOurs = isAccessTokenClaims(claims, issuer)
    const vouched = signature.outcome === 'passed' && isOurs ? claims : undefined
    return [
      form,
      keyFinding,
      signature,
      finding('issuer', claims.iss === issuer, issuer, show(claims.iss)),
      examineClaims(claims),
      examineLifetime(claims, clock.now()),
      examineAudience(claims, audience),
      await examineState(vouched),
    ]
  }

  async function examineState(claims: AccessTokenClaims | undefined): Promise<Finding> {
    if (claims === undefined) {
      return skipped('session', 'alive', 'not asked: the token is not one of ours')
    }
    const { stands, session } = await readTokenState(claims)
    if (claims.sid !== undefined) return examineSession(session, clock.now())
    const actual = stands ? 'not revoked, and of no session' : 'the token was revoked'
    return finding('session', stands, 'not revoked', actual)
  }
}

function examineForm(token: string, decoded: DecodedJwt | undefined): Finding {
  const types = accessTokenTypes.join(' or ')
  const expected = `a compact JWS of ours: typ ${types}; alg, kid, typ and nothing else`
  if (decoded === undefined) return finding('form', false, expected, 'no JWT')
  const strict = readCompact(token)
  const { typ } = decoded.header
  if (isAccessTokenType(strict?.typ)) return finding('form', true, expected, `typ ${strict?.typ}`)
  if (!isAccessTokenType(typ)) return finding('form', false, expected, `typ ${show(typ)}`)
  const members = Object.keys(decoded.header)
  const fault =
    members.length === 3
      ? 'not in the bytes that our signer writes'
      : `a header of ${members.join(', ')}`
  return finding('form', false, expected, fault)
}

function examineKey(key: SigningKey | undefined, kid: unknown, alg: unknown): Finding {
  const expected = 'a published key of this service, and its algorithm'
  if (key === undefined) return finding('key', false, expected, `kid ${show(kid)} is unknown here`)
  const holds = isPublished(key) && key.algorithm === alg
  const actual = `kid ${key.kid}, ${key.state}, ${key.algorithm}`
  return finding(
    'key',
    holds,
    expected,
    key.algorithm === alg ? actual : `${actual}, not ${show(alg)}`,
  )
}

function examineSignature(token: string, key: SigningKey | undefined): Finding {
  const expected = 'made by that key'
  if (key === undefined) return skipped('signature', expected, 'nothing to verify it with')
  try {
    const holds = openVerification(key).verifySignature(token) !== undefined
    const actual = holds ? 'made by that key' : 'not made by that key'
    return finding('signature', holds, expected, actual)
  } catch (error) {
    // The row was changed, or is none that a service would publish.
    if (error instanceof UnfitKey) return finding('signature', false, expected, error.message)
    throw error
  }
}

function examineClaims(claims: DecodedJwt['claims']): Finding {
  const expected = 'sub, aud, client_id, jti, iat, exp (RFC 9068 section 2.2)'
  const holds = isAccessTokenClaims(claims, claims.iss as string)
  const required = ['sub', 'aud', 'client_id', 'jti', 'iat', 'exp']
  const missing = required.filter((name) => claims[name] === undefined)
  const fault = missing.length > 0 ? `without ${missing.join(', ')}` : 'one is of a wrong type'
  return finding('claims', holds, expected, holds ? 'all there' : fault)
}

function examineLifetime({ exp, iat }: DecodedJwt['claims'], now: number): Finding {
  if (typeof iat === 'number' && isOfTheFuture({ iat }, now)) {
    return finding('lifetime', false, 'an iat that has been', `iat ${instant(iat * 1000)}`)
  }
  const expected = `exp after ${instant(now - (now % 1000))}`
  if (typeof exp !== 'number') return finding('lifetime', false, expected, `exp ${show(exp)}`)
  return finding('lifetime', exp * 1000 > now, expected, `exp ${instant(exp * 1000)}`)
}

function examineAudience(claims: DecodedJwt['claims'], audience: string | undefined): Finding {
  const actual = show(claims.aud)
  if (audience === undefined) return skipped('audience', 'any: give --audience to check', actual)
  return finding('audience', isFor(claims as AccessTokenClaims, audience), audience, actual)
}

function show(value: unknown): string {
  if (value === undefined) return 'missing'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
