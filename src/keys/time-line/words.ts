import { iso, when } from '../../base/times.ts'
import type { Phase, Segment, TimeLine, TimeLineKey } from './time-line.ts'

/** What each phase is called in a legend, and what a key does during it. */
export const PHASES: Record<Phase, { legend: string; does: string }> = {
  next: { legend: 'published ahead', does: 'is published and does not sign yet' },
  active: { legend: 'signs', does: 'signs' },
  retiring: { legend: 'kept for what it signed', does: 'is published for what it signed' },
}

/** By what a key is told from others at a glance. */
export function shortName({ kid }: Pick<TimeLineKey, 'kid'>): string {
  return kid?.slice(0, 8) ?? 'to be made'
}

/** One segment in a sentence, with its exact instants. */
export function tellSegment({ kid, algorithm }: TimeLineKey, segment: Segment): string {
  const { phase, from, until } = segment
  const name = `${algorithm} ${kid ?? 'key to be made'}`
  const planned = segment.when === 'planned' ? ' (planned)' : ''
  return `${name} ${PHASES[phase].does} from ${when(from)} until ${when(until)}${planned}`
}

/** The whole time line in sentences, for whoever does not see the picture. */
export function describeTimeLine({ keys }: TimeLine): string {
  const sentences = keys.flatMap((key) => [
    ...key.segments.map((segment) => tellSegment(key, segment)),
    ...(key.revokedAt === undefined ? [] : [`${key.kid} was revoked at ${when(key.revokedAt)}`]),
  ])
  return sentences.length === 0 ? 'There are no keys.' : `${sentences.join('. ')}.`
}

/** Which keys will begin to sign, the soonest first. */
export function turnsOf({ keys, now }: TimeLine): { at: number; key: TimeLineKey }[] {
  return keys
    .flatMap((key) =>
      key.segments
        .filter(({ phase, from }) => phase === 'active' && from > now)
        .map(({ from }) => ({ at: from, key })),
    )
    .toSorted((a, b) => a.at - b.at)
}

/** The time line for programs. */
export function toTimeLineJson({ now, from, until, keys, earlier }: TimeLine) {
  return {
    now: iso(now),
    from: iso(from),
    until: iso(until),
    keys: keys.map(({ kid, algorithm, state, segments, revokedAt }) => ({
      ...(kid !== undefined && { kid }),
      alg: algorithm,
      state: state ?? ('planned' as const),
      segments: segments.map((segment) => ({
        phase: segment.phase,
        from: iso(segment.from),
        until: iso(segment.until),
        when: segment.when,
      })),
      ...(revokedAt !== undefined && { revoked_at: iso(revokedAt) }),
    })),
    earlier_keys: earlier,
  }
}
