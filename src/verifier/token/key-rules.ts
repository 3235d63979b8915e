import { VerifyError } from '../errors.ts'
import { shown } from '../shown.ts'
import { claim, isInstant, type Rule } from './examination.ts'
import { member } from './header-rules.ts'

const key: Rule = {
  name: 'key',
  needs: 'jws',
  changes: false,
  expected: ({ grounds }) => {
    const kids = grounds.keys.stats().kids.join(', ')
    return kids === '' ? 'a key of the issuer' : `one of ${kids}`
  },
  actual: (examination) => shown(member(examination, 'kid')),
  look(examination) {
    const { keys } = examination.grounds
    const kid = member(examination, 'kid')
    if (typeof kid !== 'string') return { code: 'kid_missing' }
    examination.key = keys.find(kid)
    if (examination.key !== undefined) return undefined
    const iat = claim(examination, 'iat')
    return keys.seek(kid, isInstant(iat) ? (iat as number) : 0).then(
      (found) => {
        examination.key = found
        return undefined
      },
      (error: unknown) =>
        error instanceof VerifyError ? error : { code: 'jwks_unavailable', cause: error },
    )
  },
}

/** RFC 8725 §3.1: each key serves one algorithm, whatever the token says. */
const keyAlgorithm: Rule = {
  name: "the key's algorithm",
  needs: 'key',
  changes: false,
  expected: ({ key }) => shown(key?.alg),
  actual: (examination) => shown(member(examination, 'alg')),
  look: (examination) =>
    member(examination, 'alg') === examination.key?.alg ? undefined : { code: 'alg_not_allowed' },
}

const signature: Rule = {
  name: 'signature',
  needs: 'key',
  changes: false,
  expected: () => 'made with the key, over exactly these bytes',
  actual: ({ jws }) => `${jws?.signature.length} bytes`,
  look({ key, jws }) {
    if (key === undefined || jws === undefined) return BAD
    const fits = key.verify(jws.signed, jws.signature)
    if (typeof fits === 'boolean') return fits ? undefined : BAD
    return fits.then((isGood) => (isGood ? undefined : BAD))
  },
}

const BAD = {
  code: 'signature_invalid',
  hint: 'The token was changed on its way, or was made by somebody else.',
} as const

export const keyRules: readonly Rule[] = [key, keyAlgorithm, signature]
