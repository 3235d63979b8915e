import { when } from '../../base/times.ts'
import type { Segment, TimeLine, TimeLineKey } from './time-line.ts'
import { shortName, tellSegment } from './words.ts'
import { escapeXml } from './xml.ts'

/** How instants become places. */
export interface Scale extends Pick<TimeLine, 'now' | 'from' | 'until'> {
  /** Where the time begins, right of the names. */
  readonly left: number
  /** The place of an instant; of one outside the range, the nearer end. */
  x(at: number): number
}

const BAR = 18
/** Minutes in a picture of months must be seen. */
const THINNEST = 5
/** What a character of a label takes, at most. */
export const CHARACTER = 6.4
const HOUR = 3_600_000

/** One key: its name, its state and its life. */
export function drawKey(key: TimeLineKey, y: number, scale: Scale): string {
  const top = y + 3
  const labels = [
    text(16, top + 13, key.kid === undefined ? 's' : 'k', shortName(key)),
    text(scale.left - 12, top + 13, 's e', key.state ?? 'planned'),
  ]
  // The phase that is thinnest is drawn last, over the edge of its neighbour.
  const order = ['active', 'next', 'retiring']
  const bars = key.segments
    .filter(({ from, until }) => from < scale.until && until > scale.from)
    .toSorted((a, b) => order.indexOf(a.phase) - order.indexOf(b.phase))
    .map((segment) => drawSegment(key, segment, top, scale))
  const cut = key.revokedAt === undefined ? '' : drawCut(key.revokedAt, top, scale)
  const title = `<title>${escapeXml(`${key.algorithm} ${key.kid ?? 'key to be made'}`)}</title>`
  return `<g>${title}${labels.join('')}${bars.join('')}${cut}</g>`
}

function drawSegment(key: TimeLineKey, segment: Segment, top: number, scale: Scale): string {
  const { x, now } = scale
  const { phase, from, until } = segment
  const width = Math.max(x(until) - x(from), THINNEST)
  // Where it is widened, it grows away from the phase in which the key signs.
  const left = phase === 'next' ? x(until) - width : x(from)
  const split = segment.when === 'planned' ? left : Math.min(x(Math.max(now, from)), left + width)
  const bar = (start: number, end: number, isPlanned: boolean) =>
    end - start < 0.05
      ? ''
      : `<rect class="${phase}${isPlanned ? ' planned' : ''}" x="${round(start)}" y="${top}" width="${round(end - start)}" height="${BAR}"/>`
  const bars =
    segment.when === 'past'
      ? bar(left, left + width, false)
      : bar(left, split, false) + bar(split, left + width, true)
  const solid = segment.when === 'past' ? width : split - left
  const title = `<title>${escapeXml(tellSegment(key, segment))}</title>`
  return `<g>${title}${bars}${drawLabel(segment, { left, solid, width, top }, scale)}</g>`
}

/** In the longer one of the solid and the planned part, if there is room. */
function drawLabel(
  { phase, from, until }: Segment,
  { left, solid, width, top }: { left: number; solid: number; width: number; top: number },
  scale: Scale,
): string {
  if (phase === 'retiring') return ''
  const isSolid = solid >= width / 2
  const room = isSolid ? solid : width - solid
  const start = isSolid ? left : left + solid
  const isShort = scale.until - scale.from < HOUR
  const told = (at: number) => (isShort ? when(at).slice(11, 19) : when(at).slice(0, 16))
  const wordings =
    phase === 'next'
      ? [`signs from ${told(until)}`, 'published']
      : [
          `signs ${told(from)} to ${told(until)}`,
          `signs until ${told(until)}`,
          `until ${told(until)}`,
          'signs',
        ]
  const fitting = wordings.find((wording) => wording.length * CHARACTER + 8 <= room)
  if (fitting === undefined) return ''
  return text(round(start + 5), top + 13, isSolid && phase === 'active' ? 'on' : 'in', fitting)
}

/** Where a key was revoked, its bar ends in a cross. */
function drawCut(at: number, top: number, { x, from }: Scale): string {
  if (at < from) return ''
  const place = x(at)
  const [a, b] = [round(place - 5), round(place + 5)]
  const cross = `M${a} ${top + 4}L${b} ${top + 14}M${b} ${top + 4}L${a} ${top + 14}`
  return `<path class="x" d="${cross}"><title>revoked at ${when(at)}</title></path>`
}

/** A text at a place; `classes` are those of the picture's style. */
export function text(x: number, y: number, classes: string, content: string): string {
  return `<text class="${classes}" x="${x}" y="${y}">${escapeXml(content)}</text>`
}

/** A place, as exact as can be seen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}
