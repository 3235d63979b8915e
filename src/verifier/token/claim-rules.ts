import { shown } from '../shown.ts'
import { claim, isName, type Rule } from './examination.ts'
import { hintOf } from './issuer-difference.ts'

/**
 * RFC 9068 §4. Before the key is looked for: for a token of another issuer the keys of this one need not be
 * asked, and what it names as its key says nothing here.
 */
export const issuer: Rule = {
  name: 'iss',
  needs: 'jws',
  changes: false,
  expected: ({ grounds }) => shown(grounds.terms.issuer),
  actual: (examination) => shown(claim(examination, 'iss')),
  look(examination) {
    const value = claim(examination, 'iss')
    const wanted = examination.grounds.terms.issuer
    if (value === wanted) return undefined
    return { code: 'issuer_mismatch', hint: hintOf(wanted, value) }
  },
}

/** RFC 7519 §4.1.3: one string, or a list of them. */
const audience: Rule = {
  name: 'aud',
  needs: 'jws',
  changes: false,
  expected: ({ grounds }) => grounds.terms.audiences.map(shown).join(' or '),
  actual: (examination) => shown(claim(examination, 'aud')),
  look(examination) {
    const { audiences } = examination.grounds.terms
    const value = claim(examination, 'aud')
    const named: unknown[] = Array.isArray(value) ? value : [value]
    const isForUs =
      named.every((one) => typeof one === 'string') &&
      named.some((one) => audiences.includes(one as string))
    if (isForUs) return undefined
    return {
      code: 'audience_mismatch',
      hint: 'Ask for a token for this service (`resource`), or correct the option audience.',
    }
  },
}

/** RFC 9068 §2.2 requires them. */
const REQUIRED = ['sub', 'client_id', 'jti']

const identifiers: readonly Rule[] = [...REQUIRED, 'sid'].map((name) => ({
  name,
  needs: 'jws',
  changes: false,
  expected: () => (name === 'sid' ? 'a string that is not empty, if any' : 'a string, not empty'),
  actual: (examination) => shown(claim(examination, name)),
  look(examination) {
    const value = claim(examination, name)
    if (value === undefined && name === 'sid') return undefined
    return isName(value) ? undefined : { code: 'claim_invalid' }
  },
}))

/** RFC 7800 §3.1: who cannot prove the key that a token is bound to must not use it. */
const confirmation: Rule = {
  name: 'cnf',
  needs: 'jws',
  changes: false,
  expected: () => 'missing: only bearer tokens are taken',
  actual: (examination) => shown(claim(examination, 'cnf')),
  look: (examination) =>
    claim(examination, 'cnf') === undefined
      ? undefined
      : {
          code: 'claim_invalid',
          hint: 'The token is bound to a key of its client, and was sent as if it were not.',
        },
}

export const claimRules: readonly Rule[] = [audience, ...identifiers, confirmation]
