import { shown } from '../shown.ts'
import { normalTyp } from '../terms.ts'
import type { Algorithm } from '../types.ts'
import type { Examination, Rule } from './examination.ts'

/** A member of the header, its own and not one of a prototype. */
export function member({ jws }: Examination, name: 'alg' | 'kid' | 'typ'): unknown {
  return jws !== undefined && Object.hasOwn(jws.header, name) ? jws.header[name] : undefined
}

/** RFC 9068 §4: what is no access token is not taken for one. */
const typ: Rule = {
  name: 'typ',
  needs: 'jws',
  changes: false,
  expected: ({ grounds }) => grounds.terms.typs.join(' or '),
  actual: (examination) => shown(member(examination, 'typ')),
  look(examination) {
    const value = member(examination, 'typ')
    const isTaken =
      typeof value === 'string' && examination.grounds.terms.typs.includes(normalTyp(value))
    if (isTaken) return undefined
    return {
      code: 'typ_not_allowed',
      hint: 'An ID token or another kind of JWT is no access token. Say typ if yours is another on purpose.',
    }
  },
}

const alg: Rule = {
  name: 'alg',
  needs: 'jws',
  changes: false,
  expected: ({ grounds }) => grounds.terms.algorithms.join(' or '),
  actual: (examination) => shown(member(examination, 'alg')),
  look(examination) {
    const value = member(examination, 'alg')
    const isTaken = examination.grounds.terms.algorithms.includes(value as Algorithm)
    return isTaken ? undefined : { code: 'alg_not_allowed' }
  },
}

/** In characters; a thumbprint has 43. */
const LONGEST_KID = 256

const kid: Rule = {
  name: 'kid',
  needs: 'jws',
  changes: false,
  expected: () => `the name of a key, 1 to ${LONGEST_KID} characters`,
  actual: (examination) => shown(member(examination, 'kid')),
  look(examination) {
    const value = member(examination, 'kid')
    const isName = typeof value === 'string' && value !== '' && value.length <= LONGEST_KID
    return isName ? undefined : { code: 'kid_missing' }
  },
}

export const headerRules: readonly Rule[] = [typ, alg, kid]
