import { describeDifference } from '../token/issuer-difference.ts'
import type { Explanation, Finding } from '../types.ts'
import { bad, type Diagnosis, good, warning } from './diagnosis.ts'

/** What the engine of `verify` says of a token, with the differences in words. */
export function examineToken(
  { good: isGood, findings, claims }: Explanation,
  audience: string,
): Diagnosis[] {
  const failed = findings.filter(({ outcome, code }) => outcome === 'failed' && code !== NO_KEYS)
  if (failed.length === 0 && !isGood) return [UNVERIFIED]
  if (isGood) return [good('token', `good, by ${count(findings)} findings`)]
  return failed.map((finding) => {
    const detail = `${finding.name}: ${finding.actual}; expected: ${finding.expected}`
    return bad('token', `${detail} (${finding.code})`, remedyOf(finding, claims, audience))
  })
}

/** That there are no keys was said of the issuer, and is no fault of the token. */
const NO_KEYS = 'jwks_unavailable'
const UNVERIFIED = warning(
  'token',
  'nothing is wrong with what it says; its signature cannot be verified without the keys',
  'look again when the keys can be had',
)

const count = (findings: readonly Finding[]) =>
  findings.filter(({ outcome }) => outcome === 'passed').length

function remedyOf(
  { code, hint }: Finding,
  claims: Explanation['claims'],
  audience: string,
): string {
  if (code === 'audience_mismatch') {
    const actual = [claims?.aud].flat().filter((one) => typeof one === 'string')
    const named = actual.join(', ') || 'nobody'
    const spelled = actual.find((one) => isAlmost(one, audience))
    return spelled === undefined
      ? `the token is for ${named}; you asked for ${audience}: ask for a token for it (resource), or give the verifier its own name`
      : `the token is for ${spelled}; you asked for ${audience}: ${describeDifference(audience, spelled)}`
  }
  return hint ?? 'get a new token'
}

/** The same but for capitals, the scheme or a slash: the usual slips. */
function isAlmost(one: string, other: string): boolean {
  const bare = (text: string) =>
    text
      .toLowerCase()
      .replace(/^https?:/, '')
      .replace(/\/$/, '')
  return bare(one) === bare(other)
}
