import { ticksOf } from '../keys/time-line/axis.ts'
import type { Phase, Segment, TimeLine, TimeLineKey } from '../keys/time-line/time-line.ts'
import { PHASES, shortName, turnsOf } from '../keys/time-line/words.ts'
import { table } from './table.ts'
import { when, whenAndHowFar } from './times.ts'

/** Plain ASCII: it reads the same in every terminal, log and mail. */
const MARKS: Record<Phase, { solid: string; planned: string }> = {
  next: { solid: ':', planned: '.' },
  active: { solid: '#', planned: '=' },
  retiring: { solid: '%', planned: '-' },
}

/** In this order, so that the thinnest phases stand over the edge of the one between them. */
const ORDER: readonly Phase[] = ['active', 'next', 'retiring']

const NAME = 12
const STATE = 9
const LABEL_WIDTH = 2 + NAME + STATE
const TICK_WIDTH = 14

/** The time line for a terminal of so many columns. */
export function writeTimeLine(line: TimeLine, columns: number): string {
  const cells = Math.max(20, columns - LABEL_WIDTH)
  const lines = [`Signing keys at ${when(line.now)}; all times are UTC`, '', axis(line, cells)]
  for (const algorithm of new Set(line.keys.map((key) => key.algorithm))) {
    lines.push(algorithm)
    for (const key of line.keys.filter((one) => one.algorithm === algorithm)) {
      const label = `  ${shortName(key).padEnd(NAME)}${(key.state ?? 'planned').padEnd(STATE)}`
      lines.push(`${label}${bar(key, line, cells)}`.trimEnd())
    }
  }
  lines.push('', ...legend())
  if (line.earlier > 0) lines.push(`Older keys that are not shown: ${line.earlier}`)
  return [...lines, '', turns(line)].join('\n')
}

function bar(key: TimeLineKey, { from, until, now }: TimeLine, cells: number): string {
  const cell = (at: number) =>
    Math.min(cells - 1, Math.max(0, Math.floor(((at - from) / (until - from)) * cells)))
  const drawn = Array.from({ length: cells }, () => ' ')
  const visible = key.segments.filter((one) => one.from < until && one.until > from)
  for (const segment of visible.toSorted(
    (a, b) => ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase),
  )) {
    const [first, end] = extent(segment, cell, until, cells)
    for (let at = first; at < end; at += 1) {
      const isPlanned = segment.when === 'planned' || (segment.when === 'present' && at > cell(now))
      drawn[at] = MARKS[segment.phase][isPlanned ? 'planned' : 'solid']
    }
  }
  if (key.revokedAt !== undefined && key.revokedAt >= from) drawn[cell(key.revokedAt)] = 'x'
  drawn[cell(now)] = '|'
  return drawn.join('')
}

/** From which cell to before which: one at least, however short it is. */
function extent(
  { phase, from, until }: Segment,
  cell: (at: number) => number,
  edge: number,
  cells: number,
): [number, number] {
  const end = until >= edge ? cells : cell(until)
  if (phase === 'next') return [Math.max(0, Math.min(cell(from), end - 1)), end]
  return [cell(from), Math.max(end, cell(from) + 1)]
}

/** The dates, each over a stroke that stands at its instant; and now. */
function axis(line: TimeLine, cells: number): string {
  const place = (at: number) =>
    LABEL_WIDTH + Math.floor(((at - line.from) / (line.until - line.from)) * cells)
  let dates = ''
  let strokes = ''
  for (const { at, label } of ticksOf(line, Math.floor(cells / TICK_WIDTH))) {
    const start = place(at) - Math.floor(label.length / 2)
    if (start + label.length > LABEL_WIDTH + cells) continue
    dates = dates.padEnd(start) + label
    strokes = `${strokes.padEnd(place(at))}'`
  }
  const now = place(line.now)
  return [dates, `${strokes.padEnd(now).slice(0, now)}|${strokes.slice(now + 1)}`].join('\n')
}

function legend(): string[] {
  const explain = (which: 'solid' | 'planned') =>
    Object.entries(PHASES).map(([phase, told]) => `${MARKS[phase as Phase][which]} ${told.legend}`)
  return [
    ['until now:', ...explain('solid'), 'x revoked'].join('   '),
    ['planned:  ', ...explain('planned'), '| now'].join('   '),
  ]
}

function turns(line: TimeLine): string {
  return table(
    ['signs from', 'alg', 'key'],
    turnsOf(line).map(({ at, key }) => [
      whenAndHowFar(at, line.now),
      key.algorithm,
      key.kid ?? 'to be made',
    ]),
    'No key is about to take over.',
  )
}
