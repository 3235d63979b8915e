import type { Outcome } from '../scenarios/measure.ts'
import type { ScenarioName } from '../scenarios/names.ts'
import type { Results } from './results.ts'
import { ratesOf } from './scenario-table.ts'
import { median } from './statistics.ts'
import { figure } from './table.ts'

const SHOWN: [scenario: ScenarioName, title: string][] = [
  ['rotate', 'Rotations of a refresh token, per second'],
  ['client_credentials', 'Tokens for a client itself, per second'],
  ['introspect', 'Introspections, per second'],
  ['jwks', 'JWK sets, per second'],
]

const WIDTH = 760
const LABEL = 130
const ROW = 22
const TITLE = 40
/** For the figure behind the longest bar. */
const MARGIN = 180

/**
 * The medians as bars, each scenario by its own scale, as an SVG with texts as texts. Its colours
 * follow the page's, light or dark. Returns undefined when none of these scenarios was measured.
 */
export function drawPicture({ scenarios, machine }: Results): string | undefined {
  const parts: string[] = []
  let y = 0
  for (const [name, title] of SHOWN) {
    const outcomes = scenarios[name]?.outcomes.filter((one) => isShown(name, one)) ?? []
    if (outcomes.length === 0) continue
    parts.push(`<text class="title" x="0" y="${y + 24}">${title}</text>`)
    y += TITLE
    parts.push(...drawBars(outcomes, y))
    y += outcomes.length * ROW + 8
  }
  if (parts.length === 0) return undefined
  const { cores, processor, node, postgres, load } = machine
  const note = `${cores} cores (${processor}) for all of it: service, Postgres ${postgres}, ${load}. Node ${node}.`
  y += 22
  parts.push(`<text class="note" x="0" y="${y}">${inXml(note)}</text>`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" width="${WIDTH}" height="${y + 10}" role="img" aria-label="Mintmark beside its references and peers">`,
    STYLE,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

/** Beside a constant, whatever asks a database is too small to be seen: only the JWK set is one, too. */
function isShown(scenario: ScenarioName, { contestant, samples }: Outcome): boolean {
  return samples.length > 0 && (contestant !== 'bare Fastify' || scenario === 'jwks')
}

function drawBars(outcomes: readonly Outcome[], top: number): string[] {
  const rates = outcomes.map((outcome) => median(ratesOf(outcome)))
  const scale = (WIDTH - LABEL - MARGIN) / Math.max(...outcomes.flatMap(ratesOf))
  const own = rates[outcomes.findIndex(({ kind }) => kind === 'ours')]
  return outcomes.flatMap((outcome, index) => {
    const { contestant, kind } = outcome
    const rate = rates[index] as number
    const y = top + index * ROW
    const length = Math.max(1, rate * scale)
    const runs = ratesOf(outcome)
    const [least, most] = [Math.min(...runs) * scale, Math.max(...runs) * scale].map(
      (x) => LABEL + x,
    )
    const ratio = kind === 'ours' || own === undefined ? '' : ` (ours is ${figure(own / rate)} ×)`
    const middle = y + 8
    const textAt = Math.max(LABEL + length, most ?? 0) + 8
    return [
      `<text class="name" x="${LABEL - 8}" y="${y + 12}">${inXml(contestant)}</text>`,
      `<rect class="${kind}" x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="16" rx="2"/>`,
      `<path class="span" d="M${least?.toFixed(1)} ${middle}H${most?.toFixed(1)}"/>`,
      `<text x="${textAt.toFixed(1)}" y="${y + 12}">${figure(rate)}${ratio}</text>`,
    ]
  })
}

const STYLE = `<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .name { text-anchor: end }
  .note { font-size: 11px; fill: #59636e }
  .ours { fill: #1a7f5a } .peer { fill: #8c959f } .reference { fill: #4a7fc1 }
  .span { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 } .span { stroke: #e6edf3 }
    .ours { fill: #3fb68b } .peer { fill: #6e7681 } .reference { fill: #6ea8f0 }
  }
</style>`

function inXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
