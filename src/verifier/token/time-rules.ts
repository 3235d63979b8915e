import { shown } from '../shown.ts'
import { claim, type Examination, isInstant, type Rule } from './examination.ts'

/** An instant of a token that the rules before have found to be a number. */
const instant = (examination: Examination, name: string) => claim(examination, name) as number

/** How many seconds the first is after the second, rounded. */
const seconds = (later: number, earlier: number) => Math.round(later - earlier)

const clocks = ({ grounds }: Examination) =>
  `The clocks may differ by ${grounds.terms.clockTolerance} s; is the time of this host right?`

const instants: readonly Rule[] = ['exp', 'iat'].map((name) => ({
  name: `${name}, its form`,
  needs: 'jws',
  changes: false,
  expected: () => 'a whole number of seconds since the epoch',
  actual: (examination) => shown(claim(examination, name)),
  look: (examination) =>
    isInstant(claim(examination, name)) ? undefined : { code: 'claim_invalid' },
}))

/** A token that lives for years cannot be taken back by letting it expire. */
const lifetime: Rule = {
  name: 'lifetime',
  needs: 'instants',
  changes: false,
  expected: ({ grounds }) => `0 to ${grounds.terms.maxTokenLifetime} s from iat to exp`,
  actual: (examination) => `${instant(examination, 'exp') - instant(examination, 'iat')} s`,
  look(examination) {
    const length = instant(examination, 'exp') - instant(examination, 'iat')
    if (!(length >= 0)) return { code: 'claim_invalid' }
    if (length <= examination.grounds.terms.maxTokenLifetime) return undefined
    return { code: 'lifetime_too_long', hint: 'Say maxTokenLifetime if tokens may live so long.' }
  },
}

const issued: Rule = {
  name: 'iat',
  needs: 'instants',
  changes: false,
  expected: ({ now, grounds }) => `not after ${Math.floor(now + grounds.terms.clockTolerance)}`,
  actual: (examination) => {
    const ahead = seconds(instant(examination, 'iat'), examination.now)
    return `${instant(examination, 'iat')}, ${ahead > 0 ? `${ahead} s ahead` : `${-ahead} s ago`}`
  },
  look(examination) {
    const { now, grounds } = examination
    if (!(instant(examination, 'iat') > now + grounds.terms.clockTolerance)) return undefined
    return { code: 'token_not_yet_valid', hint: clocks(examination) }
  },
}

/** RFC 7519 §4.1.5. Mintmark does not write it; who does, means it. */
const notBefore: Rule = {
  name: 'nbf',
  needs: 'jws',
  changes: false,
  expected: ({ now, grounds }) =>
    `not after ${Math.floor(now + grounds.terms.clockTolerance)}, if any`,
  actual: (examination) => shown(claim(examination, 'nbf')),
  look(examination) {
    const { now, grounds } = examination
    const value = claim(examination, 'nbf')
    if (value === undefined) return undefined
    if (typeof value !== 'number') return { code: 'claim_invalid' }
    if (value <= now + grounds.terms.clockTolerance) return undefined
    return { code: 'token_not_yet_valid', hint: clocks(examination) }
  },
}

const expiry: Rule = {
  name: 'exp',
  needs: 'instants',
  changes: true,
  expected: ({ now, grounds }) => `after ${Math.floor(now - grounds.terms.clockTolerance)}`,
  actual: (examination) => {
    const left = seconds(instant(examination, 'exp'), examination.now)
    return `${instant(examination, 'exp')}, ${left > 0 ? `in ${left} s` : `${-left} s ago`}`
  },
  look(examination) {
    const { now, grounds } = examination
    if (instant(examination, 'exp') + grounds.terms.clockTolerance > now) return undefined
    return { code: 'token_expired', hint: 'Ask for a new one with the refresh token.' }
  },
}

export const timeRules: readonly Rule[] = [...instants, lifetime, issued, notBefore, expiry]
