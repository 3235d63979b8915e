import { when } from '../../base/times.ts'
import { ticksOf } from './axis.ts'
import { CHARACTER, drawKey, round, text } from './bars.ts'
import type { TimeLine } from './time-line.ts'
import { describeTimeLine, PHASES, shortName, turnsOf } from './words.ts'
import { escapeXml } from './xml.ts'

/** Constant, so that a Content-Security-Policy can name its hash. Colours: light, then dark. */
export const TIME_LINE_STYLE = `
svg{--page:#ffffff;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--band:#f5f7f9;--next:#8fb8e8;
--active:#1f6f4f;--on-active:#ffffff;--retiring:#e0a030;--revoked:#c62828}
@media(prefers-color-scheme:dark){svg{--page:#12161c;--ink:#e8ecf1;--soft:#9aa6b4;--line:#2c343f;
--band:#181d25;--next:#4a78b0;--active:#3fae80;--on-active:#08130e;--retiring:#d99a2b;--revoked:#ff6b6b}}
text{font:12px system-ui,sans-serif;fill:var(--ink)}
.h{font-size:16px;font-weight:600}.a{font-weight:600}.k{font-family:ui-monospace,monospace}
.s{fill:var(--soft);font-size:11px}.t{text-anchor:middle}.e{text-anchor:end}
.p{fill:var(--page)}.g{stroke:var(--line)}.b{fill:var(--band)}.now{stroke:var(--revoked);stroke-width:1.5}
.n{fill:var(--revoked);font-weight:600}
.next{fill:var(--next);stroke:var(--next)}.active{fill:var(--active);stroke:var(--active)}
.retiring{fill:var(--retiring);stroke:var(--retiring)}
.planned{fill-opacity:.22;stroke-dasharray:3 2}
.on{fill:var(--on-active);font-size:11px}.in{font-size:11px}
.x{stroke:var(--revoked);stroke-width:2}
`

const WIDTH = 1000
const LEFT = 184
const RIGHT = WIDTH - 24
const TOP = 84
const ROW = 30
const HEADING = 28

/**
 * The time line as a picture that needs nothing else: no script, no font, no other file. What was is
 * solid, what is planned is pale and dashed; each segment says its instants, in UTC, to whoever points
 * at it.
 */
export function drawTimeLine(line: TimeLine): string {
  const { from, until, now, keys } = line
  const x = (at: number) => {
    const share = (Math.min(Math.max(at, from), until) - from) / (until - from)
    return round(LEFT + share * (RIGHT - LEFT))
  }
  let y = TOP
  const parts: string[] = []
  for (const algorithm of new Set(keys.map((key) => key.algorithm))) {
    parts.push(`<rect class="b" x="0" y="${y}" width="${WIDTH}" height="${HEADING - 6}"/>`)
    parts.push(text(16, y + 15, 'a', algorithm))
    y += HEADING
    for (const key of keys.filter((one) => one.algorithm === algorithm)) {
      parts.push(drawKey(key, y, { ...line, left: LEFT, x }))
      y += ROW
    }
  }
  const height = y + 64
  const marks = ticksOf(line, 7).map(({ at, label }) => {
    const place = `x1="${x(at)}" x2="${x(at)}" y1="${TOP - 8}" y2="${y}"`
    return `<line class="g" ${place}/>${text(x(at), TOP - 14, 's t', label)}`
  })
  const nowLine =
    `<line class="now" x1="${x(now)}" x2="${x(now)}" y1="${TOP - 8}" y2="${y + 6}"/>` +
    text(x(now), y + 20, 'n t', 'now')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">Signing keys at ${when(now)}</title>`,
    `<desc id="description">${escapeXml(describeTimeLine(line))}</desc>`,
    `<style>${TIME_LINE_STYLE}</style>`,
    `<rect class="p" width="${WIDTH}" height="${height}"/>`,
    text(16, 30, 'h', `Signing keys at ${when(now)}`),
    text(16, 48, 's', subtitle(line)),
    ...marks,
    ...parts,
    nowLine,
    drawLegend(height - 18),
    '</svg>',
    '',
  ].join('\n')
}

function drawLegend(y: number): string {
  const entries = Object.entries(PHASES).map(([phase, { legend }]) => ({ class: phase, legend }))
  let x = 16
  const drawn = [...entries, { class: 'active planned', legend: 'pale: planned' }].map((entry) => {
    const swatch = `<rect class="${entry.class}" x="${x}" y="${y - 10}" width="22" height="12"/>`
    const label = text(x + 30, y, 's', entry.legend)
    x += 30 + Math.ceil(entry.legend.length * CHARACTER) + 22
    return swatch + label
  })
  const cross = `<path class="x" d="M${x} ${y - 9}l10 10m0 -10l-10 10"/>${text(x + 18, y, 's', 'revoked')}`
  return drawn.join('') + cross
}

function subtitle(line: TimeLine): string {
  const [first] = turnsOf(line)
  const soon =
    first === undefined
      ? 'No key is about to take over.'
      : `The next to sign: ${first.key.algorithm} ${shortName(first.key)} from ${when(first.at)}.`
  const { earlier } = line
  return `${soon} All times are UTC.${earlier > 0 ? ` Older keys that are not shown: ${earlier}.` : ''}`
}
