import type { Answered, Unanswered } from './ask.ts'
import { bad, type Diagnosis, good, warning } from './diagnosis.ts'

/** What a verifier lets clocks differ by, if nothing else is said; in seconds. */
const TOLERANCE = 30
/** The header Date is in whole seconds, and the way takes some time (RFC 9110 §6.6.1). */
const UNNOTICED = 2

/**
 * How far our clock is from that of the issuer, by which its tokens are dated.
 * @param tolerance by how many seconds they may differ
 */
export function examineClock(
  answer: Answered | Unanswered,
  tolerance: number = TOLERANCE,
): Diagnosis[] {
  if ('failure' in answer) return []
  const said = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(said)) return []
  // What a cache has had for a while was dated when it was made.
  const age = Number(answer.headers.get('age') ?? 0) * 1000 || 0
  const offset = Math.round((answer.at - said - age) / 1000)
  const apart = Math.abs(offset)
  const detail = `this host is ${apart} s ${offset < 0 ? 'behind' : 'ahead of'} the issuer`
  if (apart <= UNNOTICED) return [good('clock', 'this host and the issuer agree')]
  if (apart <= tolerance) return [warning('clock', detail, 'synchronise both by NTP')]
  const effect =
    offset < 0 ? 'new tokens are of the future here' : 'tokens expire here before their time'
  return [bad('clock', `${detail}: ${effect}`, 'synchronise both by NTP')]
}
