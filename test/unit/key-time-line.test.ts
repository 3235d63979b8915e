import t from 'tap'
import { writeTimeLine } from '../../src/cli/time-line-text.ts'
import type { KeyTiming } from '../../src/config/key-timing.ts'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import type { SigningKey } from '../../src/keys/signing-key.ts'
import { drawTimeLine } from '../../src/keys/time-line/svg.ts'
import { createTimeLine, type TimeLine } from '../../src/keys/time-line/time-line.ts'
import { toTimeLineJson } from '../../src/keys/time-line/words.ts'
import { TIMING } from '../support/keys.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const DAY = 86_400_000

/** A key by the instants of its row, in days from now. */
function key(kid: string, members: Partial<SigningKey>, days: Record<string, number>): SigningKey {
  const at = (name: string) => {
    const offset = days[name]
    return offset === undefined ? undefined : NOW + offset * DAY
  }
  return {
    kid,
    algorithm: 'ES256',
    state: 'active',
    publicJwk: { kid, alg: 'ES256', use: 'sig' },
    sealed: undefined,
    createdAt: at('made') ?? NOW,
    publishedAt: at('made') ?? NOW,
    signsFrom: at('signs') ?? NOW,
    signsUntil: at('until'),
    withdrawnAt: at('gone'),
    tokenTtlSeconds: 600,
    ...members,
  }
}

const RETENTION = (970 * 1000) / DAY
const former = key(
  'Xq3mP0aZ-former',
  { state: 'retired' },
  { made: -70, signs: -40, until: -10, gone: -10 + RETENTION },
)
const active = key('Kz9-TyC1-active', {}, { made: -40, signs: -10 })
const next = key('m4RRt0vQ-next', { state: 'next' }, { made: -10, signs: 20 })

const lineOf = (
  keys: readonly SigningKey[],
  inUse: readonly Algorithm[] = ['ES256'],
  timing: KeyTiming = TIMING,
) => createTimeLine({ keys, impossible: [], inUse, tokenTtlSeconds: 600, timing, now: NOW })

/** The segments of each key, in days from now. */
const told = ({ keys }: TimeLine) =>
  keys.map(({ kid, segments }) => [
    kid ?? 'to be made',
    ...segments.map(({ phase, from, until, when }) => {
      const days = (at: number) => Math.round(((at - NOW) / DAY) * 100) / 100
      return `${phase} ${days(from)} to ${days(until)} ${when}`
    }),
  ])

t.test('the life of each key is told, and of those that two turns will bring', async (t) => {
  const line = lineOf([former, active, next])
  t.strictSame(told(line), [
    [
      'Xq3mP0aZ-former',
      'next -70 to -40 past',
      'active -40 to -10 past',
      'retiring -10 to -9.99 past',
    ],
    [
      'Kz9-TyC1-active',
      'next -40 to -10 past',
      'active -10 to 20 present',
      'retiring 20 to 20.01 planned',
    ],
    [
      'm4RRt0vQ-next',
      'next -10 to 20 present',
      'active 20 to 50 planned',
      'retiring 50 to 50.01 planned',
    ],
    [
      'to be made',
      'next 20 to 50 planned',
      'active 50 to 80 planned',
      'retiring 80 to 80.01 planned',
    ],
  ])
  t.ok(line.from < NOW - 50 * DAY && line.until > NOW + 50 * DAY, 'both turns are in the picture')
  t.match(toTimeLineJson(line).keys[3], { alg: 'ES256', state: 'planned' })
  t.notOk('kid' in (toTimeLineJson(line).keys[3] ?? {}))
})

t.test('whatever there is, one key of an algorithm signs at a time, for two turns', async (t) => {
  const late = key('late', {}, { made: -90, signs: -60 })
  const overdue = key('overdue', { state: 'next' }, { made: -30, signs: -0.001 })
  const cases = [[], [active], [active, next], [former, active, next], [late], [active, overdue]]
  for (const keys of cases) {
    for (const inUse of [['ES256'], ['RS256', 'ES256']] as const) {
      const line = lineOf(keys, inUse)
      for (const algorithm of inUse) {
        const signing = line.keys
          .filter((one) => one.algorithm === algorithm)
          .flatMap(({ segments }) => segments.filter(({ phase }) => phase === 'active'))
        for (const [n, { from }] of signing.entries()) {
          if (n > 0) t.equal(from, signing[n - 1]?.until, 'neither a gap nor two')
        }
        t.equal(
          signing.filter(({ from }) => from > NOW).length,
          2,
          `${algorithm} of ${keys.length}`,
        )
      }
    }
  }
})

t.test('a revoked key ends there, and an algorithm that nobody names with its turn', async (t) => {
  const revoked = key('revoked', { state: 'revoked' }, { made: -30, signs: -20, gone: -5 })
  const unused = key('unused', { state: 'revoked' }, { made: -10, signs: 20, gone: -5 })
  const line = lineOf([revoked, unused, { ...active, algorithm: 'EdDSA' }])
  const [first, second, ...others] = told(line)
  t.strictSame(first, ['revoked', 'next -30 to -20 past', 'active -20 to -5 past'])
  t.strictSame(others.at(-1), [
    'Kz9-TyC1-active',
    'next -40 to -10 past',
    'active -10 to 20 present',
    'retiring 20 to 20.01 planned',
  ])
  t.ok(
    told(line).some((one) => one.join() === 'unused,next -10 to -5 past'),
    String(second),
  )
  t.match(line.keys[0], { revokedAt: NOW - 5 * DAY })
})

t.test('many turns in a row leave a picture that can be read', async (t) => {
  const timing = {
    keyRotateEverySeconds: 30,
    keyPublishAheadSeconds: 15,
    verifierCacheTtlSeconds: 5,
  }
  const second = 1 / 86_400
  const many = Array.from({ length: 30 }, (_, n) => {
    const until = (n - 30) * 30 * second
    const days = { made: until - 60 * second, signs: until - 30 * second, until }
    return key(`former ${n}`, { state: 'retiring' }, days)
  })
  const signing = key('signing', {}, { made: -30 * second, signs: 0 })
  const line = lineOf([...many, signing], ['ES256'], timing)
  t.ok(line.keys.length < 10, `${line.keys.length} keys`)
  t.equal(line.earlier + line.keys.filter(({ kid }) => kid !== undefined).length, 31)
  t.match(writeTimeLine(line, 80), /Older keys that are not shown: 26\n/)
})

/** Throws where a text is no well-formed XML element of what the picture uses of XML. */
function requireWellFormed(xml: string): void {
  const open: string[] = []
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<>]*")*)(\/?)>/g,
    (_tag, closing, name, _attributes, empty) => {
      if (closing && open.pop() !== name) throw new Error(`</${name}> closes nothing`)
      if (!closing && !empty) open.push(name)
      return ''
    },
  )
  if (open.length > 0) throw new Error(`open: ${open.join()}`)
  const stray = /<|>|&(?!(amp|lt|gt|quot|#39);)/.exec(rest)
  if (stray) throw new Error(`stray ${rest.slice(stray.index, stray.index + 40)}`)
}

t.test('the picture is well-formed and needs nothing else, whatever a row holds', async (t) => {
  const evil = `</text><script>alert(1)</script>&"'\u0000\u0007\ud800`
  const doctored = { ...next, kid: evil, algorithm: `ES256${evil}` as Algorithm }
  for (const keys of [[], [former, active, next], [active, doctored]]) {
    const svg = drawTimeLine(lineOf(keys))
    t.doesNotThrow(() => requireWellFormed(svg))
    t.notMatch(svg, /<script|javascript:|href|url\(|@import|style="| on[a-z]+="/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML has no place for
    t.notMatch(svg, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800]/u)
  }
  const svg = drawTimeLine(lineOf([former, active, next]))
  t.match(svg, /^<svg [^>]*role="img" aria-labelledby="title description">\n<title id="title">/)
  t.match(svg, 'ES256 Kz9-TyC1-active signs from 2026-11-11 12:00:00Z until 2026-12-11 12:00:00Z')
  t.match(svg, '>now</text>')
})

t.test('minutes can be seen in a picture of months', async (t) => {
  const svg = drawTimeLine(lineOf([former, active, next]))
  const bars = [...svg.matchAll(/<rect class="retiring[^"]*" x="[^"]+" y="\d+" width="([^"]+)"/g)]
  const widths = bars.map(([, width]) => Number(width))
  t.ok(widths.length >= 4 && widths.every((width) => width >= 5), widths.join())
})

t.test('the terminal has the same in eighty columns', async (t) => {
  const text = writeTimeLine(lineOf([former, active, next]), 80)
  t.ok(text.split('\n').every((line) => line.length <= 80))
  t.notMatch(text, /[^\n -~]/, 'every terminal has these characters')
  t.equal(text, PICTURE)
})

const PICTURE = `Signing keys at 2026-11-21 12:00:00Z; all times are UTC

                    2026-09-24         2026-11-03        2026-12-13
                         '                  '       |         '
ES256
  Xq3mP0aZ    retired  :::::::::::##############%   |
  Kz9-TyC1    active              ::::::::::::::####|=========-
  m4RRt0vQ    next                              ::::|.........=============-
  to be made  planned                               |         .............=====

until now:   : published ahead   # signs   % kept for what it signed   x revoked
planned:     . published ahead   = signs   - kept for what it signed   | now

SIGNS FROM                     ALG    KEY
2026-12-11 12:00:00Z (in 20d)  ES256  m4RRt0vQ-next
2027-01-10 12:00:00Z (in 50d)  ES256  to be made`
