import { compactVerify, createLocalJWKSet, decodeProtectedHeader, type JWK } from 'jose'
import { examineMediaType, faultOfAnswer } from './answer-faults.ts'
import type { Answered, Unanswered } from './ask.ts'
import { bad, type Diagnosis, good, warning } from './diagnosis.ts'

/** The state of the feed older than this is more than a hiccup; in seconds, as a verifier takes it. */
const STALE = 120
const TYP = 'revocations+jwt'

/**
 * Whether the feed of revocations is there, is signed by the issuer, and is fresh.
 * @param names what the issuer may be called in it; the first is the right one
 */
export async function examineRevocations(
  names: readonly unknown[],
  answer: Answered | Unanswered,
  jwks: readonly JWK[],
): Promise<Diagnosis[]> {
  if (!('failure' in answer) && answer.status === 404) {
    const remedy = 'without it, a token is taken until it expires: leave `revocation` off'
    return [warning('revocations', `${answer.url} is not there`, remedy)]
  }
  const fault = faultOfAnswer('revocations', answer)
  if (fault !== undefined) return [fault]
  const answered = answer as Answered
  const list = await readList(answered, jwks)
  if (typeof list === 'string') {
    return [bad('revocations', `${answered.url}: ${list}`, 'verifiers take no such list')]
  }
  if (list.iss === undefined || !names.includes(list.iss)) {
    const detail = `the list is of ${JSON.stringify(list.iss) ?? 'nobody'}, not of ${names[0]}`
    return [bad('revocations', detail, 'give the issuer as tokens say it')]
  }
  return [
    ...examineMediaType('revocations', answered, [`application/${TYP}`]),
    examineAge(answered, list),
  ]
}

function examineAge(answered: Answered, list: Record<string, unknown>): Diagnosis {
  const { as_of: asOf, entries } = list
  const count = Array.isArray(entries) ? entries.length : 0
  if (typeof asOf !== 'number') {
    return bad('revocations', 'the list does not say of when it is', 'verifiers take no such list')
  }
  const age = Math.max(0, Math.round(answered.at / 1000 - asOf))
  const took = `${Math.round(answered.milliseconds)} ms`
  const detail = `${count} ${count === 1 ? 'entry' : 'entries'}, as of ${age} s ago, in ${took}`
  if (age <= STALE) return good('revocations', detail)
  const remedy =
    'the issuer cannot read its database, or the clocks differ: what ended since is not known yet'
  return warning('revocations', detail, remedy)
}

/** The payload of the signed list, or what is wrong with it. */
async function readList(
  { body }: Answered,
  jwks: readonly JWK[],
): Promise<Record<string, unknown> | string> {
  const text = body?.trim() ?? ''
  try {
    const { typ } = decodeProtectedHeader(text)
    if (typ !== TYP) return `its typ is ${JSON.stringify(typ)}, not ${TYP}`
    const { payload } = await compactVerify(text, createLocalJWKSet({ keys: [...jwks] }))
    return JSON.parse(new TextDecoder().decode(payload))
  } catch (error) {
    return error instanceof Error ? `it cannot be verified (${error.message})` : 'it is no list'
  }
}
