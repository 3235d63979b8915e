import { shown } from '../shown.ts'
import { readCompact } from './compact.ts'
import type { Rule } from './examination.ts'

const size: Rule = {
  name: 'size',
  needs: 'nothing',
  changes: false,
  expected: ({ grounds }) => `1 to ${grounds.terms.maxTokenSize} bytes`,
  actual: ({ token }) => (typeof token === 'string' ? `${token.length} bytes` : typeof token),
  look({ token, grounds }) {
    if (typeof token !== 'string' || token === '') {
      return { code: 'token_missing', hint: 'Give the compact JWS, without `Bearer`.' }
    }
    // A character that is more than one byte is refused with the form.
    return token.length > grounds.terms.maxTokenSize ? { code: 'token_too_large' } : undefined
  },
}

const form: Rule = {
  name: 'form',
  needs: 'nothing',
  changes: false,
  expected: () => 'a compact JWS: three segments of canonical base64url, two of them strict JSON',
  actual: ({ jws }) => (jws === undefined ? 'no such form' : 'a compact JWS'),
  look(examination) {
    const { token, grounds } = examination
    if (typeof token !== 'string' || token.length > grounds.terms.maxTokenSize) {
      return { code: 'token_malformed', actual: 'not read' }
    }
    const jws = readCompact(token)
    if (typeof jws === 'string') {
      const hint = /^Bearer\s/i.test(token) ? 'Leave `Bearer` away.' : undefined
      return { code: 'token_malformed', actual: jws, hint }
    }
    examination.jws = jws
    return undefined
  },
}

/** A token of Mintmark has these; what brings keys, URLs, compression or extensions was not made there. */
const MEMBERS = ['alg', 'kid', 'typ']

const members: Rule = {
  name: 'header members',
  needs: 'jws',
  changes: false,
  expected: () => `${MEMBERS.join(', ')} and nothing else`,
  actual: ({ jws }) => shown(Object.keys(jws?.header ?? {})),
  look: ({ jws }) =>
    Object.keys(jws?.header ?? {}).every((name) => MEMBERS.includes(name))
      ? undefined
      : { code: 'token_malformed' },
}

/** Before anything of the token is believed or looked up. */
export const formRules: readonly Rule[] = [size, form, members]
