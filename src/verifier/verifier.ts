import { examineAsked } from './asked.ts'
import { createCounts } from './counts.ts'
import { createIssuerRevocations } from './issuer-revocations.ts'
import { createIssuerKeys } from './keys/issuer-keys.ts'
import { settleOptions } from './options.ts'
import { hearRefusals } from './refusals.ts'
import type { Examination, Grounds } from './token/examination.ts'
import { allFindings, firstFault } from './token/examine.ts'
import { CHANGING_RULES, RULES } from './token/rules.ts'
import { createTokenCache, type Remembered, withoutBytes } from './token-cache.ts'
import type {
  Explanation,
  VerifiedToken,
  Verifier,
  VerifierOptions,
  VerifyOptions,
} from './types.ts'
import { unharmedBy } from './unharmed.ts'
import { verifiedOf } from './verified.ts'
import { warnStale } from './warn-stale.ts'

export { CODES, type VerifyCode, VerifyError } from './errors.ts'
export type {
  AccessTokenClaims,
  Algorithm,
  Explanation,
  Finding,
  RevocationOptions,
  StaleEvent,
  VerifiedToken,
  Verifier,
  VerifierOptions,
  VerifierStats,
  VerifyOptions,
  WhenStale,
} from './types.ts'

/**
 * Makes a verifier of the access tokens of one issuer for one service. Make it once and keep it: it holds
 * the keys. Nothing is fetched before the first call of `verify` or `ready`.
 * Throws a TypeError that says what is wrong with the options.
 */
export function createVerifier<Claims extends object = object>(
  options: VerifierOptions,
): Verifier<Claims> {
  const settled = settleOptions(options)
  const { terms, clock } = settled
  const onStale = unharmedBy(options.onStale ?? warnStale)
  const keys = createIssuerKeys(options, settled, onStale)
  const revocations = createIssuerRevocations(options, settled, keys, onStale)
  const grounds: Grounds = { terms, keys, revocations }
  const cache = settled.tokenCache > 0 ? createTokenCache(settled.tokenCache) : undefined
  const counts = createCounts(unharmedBy(options.onRefused))

  const begin = (token: string, asked: VerifyOptions, known?: Remembered): Examination => ({
    grounds,
    token,
    options: asked,
    now: clock() / 1000,
    jws: known?.jws,
    key: known?.key,
  })

  async function verify(token: string, asked: VerifyOptions = {}): Promise<VerifiedToken<Claims>> {
    examineAsked(asked)
    const named = typeof token === 'string' ? cache?.nameOf(token) : undefined
    const name = typeof named === 'object' ? await named : named
    const known = name === undefined ? undefined : cache?.get(name)
    const isKnown = known !== undefined && keys.find(known.key.kid) === known.key
    const examination = begin(token, asked, isKnown ? known : undefined)
    const judged = firstFault(isKnown ? CHANGING_RULES : RULES, examination)
    const fault = judged instanceof Promise ? await judged : judged
    if (fault !== undefined) {
      if (name !== undefined && fault.status === 401) cache?.delete(name)
      counts.refused(fault)
      throw fault
    }
    counts.verified(isKnown)
    if (isKnown) return known.verified as VerifiedToken<Claims>
    const { jws, key } = examination as Examination & Pick<Remembered, 'jws' | 'key'>
    const verified = verifiedOf(jws)
    if (name !== undefined) cache?.set(name, { verified, jws: withoutBytes(jws), key })
    return verified as VerifiedToken<Claims>
  }

  async function explain(token: string, asked: VerifyOptions = {}): Promise<Explanation> {
    examineAsked(asked)
    const examination = begin(token, asked)
    const findings = await allFindings(RULES, examination)
    const failed = findings.find(({ outcome }) => outcome === 'failed')
    return {
      good: failed === undefined,
      code: failed?.code,
      findings,
      header: examination.jws?.header,
      claims: examination.jws?.payload,
    }
  }

  const verifier: Verifier<Claims> = {
    verify,
    explain,
    stats: () => ({ ...counts.read(), jwks: keys.stats(), revocations: revocations.stats() }),
    async ready() {
      await keys.ready()
      await revocations.ready(undefined)
    },
    close() {
      keys.close()
      revocations.close()
    },
    options: Object.freeze({ ...options }),
  }
  hearRefusals(verifier, counts.refused)
  return verifier
}
