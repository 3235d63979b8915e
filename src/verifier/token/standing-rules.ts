import { VerifyError } from '../errors.ts'
import { askedScopes, readScope } from '../scope.ts'
import { shown } from '../shown.ts'
import type { AccessTokenClaims } from '../types.ts'
import { claim, type Examination, type Fault, type Rule } from './examination.ts'
import { member } from './header-rules.ts'

const revocation: Rule = {
  name: 'revocation',
  needs: 'names',
  changes: true,
  expected: ({ grounds }) =>
    grounds.revocations.stats().by === 'off' ? 'not asked for' : 'not revoked',
  actual: ({ grounds }) => {
    const { by, entries, ageSeconds } = grounds.revocations.stats()
    if (by === 'off') return 'not asked for'
    const age = ageSeconds === undefined ? 'never' : `${Math.round(ageSeconds)} s ago`
    return `${entries} revocations known, as of ${age}`
  },
  look(examination) {
    const { grounds, options } = examination
    const waiting = grounds.revocations.ready(options.whenRevocationsStale)
    if (waiting === undefined) return revoked(examination)
    return waiting.then(
      () => revoked(examination),
      (error: unknown) =>
        error instanceof VerifyError ? error : { code: 'revocations_stale', cause: error },
    )
  },
}

function revoked(examination: Examination): Fault | undefined {
  const { grounds, jws } = examination
  const claims = jws?.payload as AccessTokenClaims
  const by = grounds.revocations.find(claims, member(examination, 'kid') as string)
  if (by === undefined) return undefined
  // The key is gone, or will be with the next fetch.
  if (by === 'kid') grounds.keys.renew()
  return { code: 'token_revoked', actual: REVOKED[by], hint: 'The user has to sign in again.' }
}

const REVOKED = {
  sid: 'its session has ended',
  jti: 'the token itself was revoked',
  sub: "the user's sessions were cut off",
  client_id: "the client's sessions were cut off",
  kid: 'the key that signed it was revoked',
}

/** RFC 6750 §3.1: a good token, and not good for this. */
const scope: Rule = {
  name: 'scope',
  needs: 'jws',
  changes: true,
  expected: ({ options }) => askedScopes(options.scope).join(' ') || 'not asked for',
  actual: (examination) => shown(claim(examination, 'scope')),
  look(examination) {
    const { scope } = examination.options
    if (scope === undefined) return undefined
    const asked = askedScopes(scope)
    const given = readScope(claim(examination, 'scope'))
    if (asked.every((name) => given.includes(name))) return undefined
    return {
      code: 'scope_missing',
      scope: asked.join(' '),
      hint: 'Ask for a token with this scope; the client must be allowed it.',
    }
  },
}

export const standingRules: readonly Rule[] = [revocation, scope]
