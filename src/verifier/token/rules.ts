import { claimRules, issuer } from './claim-rules.ts'
import type { Rule } from './examination.ts'
import { formRules } from './form-rules.ts'
import { headerRules } from './header-rules.ts'
import { keyRules } from './key-rules.ts'
import { standingRules } from './standing-rules.ts'
import { timeRules } from './time-rules.ts'

/** Everything that must hold of a token, in the order in which it is looked at. */
export const RULES: readonly Rule[] = [
  ...formRules,
  ...headerRules,
  issuer,
  ...keyRules,
  ...claimRules,
  ...timeRules,
  ...standingRules,
]

/** What must hold of a list of revocations, which is signed like a token and has other claims. */
export const LIST_RULES: readonly Rule[] = [...formRules, ...headerRules, issuer, ...keyRules]

/** What may be otherwise when a token comes again. */
export const CHANGING_RULES = RULES.filter(({ changes }) => changes)
