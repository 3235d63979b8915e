import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The rooms by rank: who stands higher may import who stands lower, never the other way round. */
const RANKS: Record<string, number> = {
  base: 0,
  oauth: 1,
  jwt: 1,
  db: 1,
  config: 1,
  workers: 1,
  keys: 2,
  clients: 2,
  users: 2,
  audit: 2,
  revocations: 2,
  audiences: 2,
  gateways: 2,
  explanations: 2,
  sessions: 3,
  tokens: 4,
  grants: 5,
  stories: 5,
  http: 6,
  cli: 6,
  maintenance: 6,
  development: 6,
}
/** The logger stands at the side of the ranks, on the lowest of them. */
const SIDE: Record<string, string[]> = { telemetry: ['base', 'db'] }
/** Published on its own: it imports nothing of the service, and only the command line imports it. */
const APART: Record<string, string[]> = { verifier: ['cli'] }
/** What of it is for Node alone; the rest runs wherever there is `fetch`. */
const FOR_NODE = /^src\/verifier\/(cli|doctor|testing)\//
/** Their neighbours write to them; they know none of them. */
const OPEN_TO_NEIGHBOURS = ['audit', 'revocations']
/** Of the doors, only the command line opens others: it starts what they have. */
const NEIGHBOURS_ALLOWED: Record<string, string[]> = { cli: ['http', 'development'] }

/** What a process can be. */
const ROLES = ['main.ts', 'alone.ts', 'first.ts', 'for-workers.ts', 'worker.ts', 'lifetime.ts']

/** The files on top, which are in no room, and what each may import. */
const TOP: Record<string, (target: string) => boolean> = {
  'main.ts': () => true,
  'alone.ts': (target) => target !== 'main.ts',
  'first.ts': (target) => target !== 'main.ts',
  'for-workers.ts': (target) => target !== 'main.ts',
  'worker.ts': (target) => target !== 'main.ts',
  'replica.ts': (target) => !ROLES.includes(target),
  'compose.ts': (target) => !ROLES.includes(target) && target !== 'replica.ts',
  'lifetime.ts': (target) => target === 'shutdown.ts',
  'config.ts': (target) => target === 'base' || target === 'config',
  'shutdown.ts': () => false,
  'version.ts': () => false,
}
/** Who below may look up at the top: the command line does, development borrows two types. */
const LOOKS_UP: Record<string, { targets: string[]; typesOnly: boolean }> = {
  cli: { targets: Object.keys(TOP), typesOnly: false },
  development: { targets: ['compose.ts', 'config.ts'], typesOnly: true },
}

const store = (file: string) => file.startsWith('src/db/') || posix.basename(file) === 'store.ts'
const inRoom = (room: string) => (file: string) => file.startsWith(`src/${room}/`)
/** Every package of the service, and the files that may import it. */
const PACKAGES: Record<string, (file: string, typeOnly: boolean) => boolean> = {
  // The logger that is handed to compose is the one that Fastify takes: its type, and no more. Who installs
  // the verifier may have no Fastify.
  fastify: (file, typeOnly) =>
    inRoom('http')(file) ||
    (typeOnly && (file === 'src/compose.ts' || file.startsWith('src/verifier/fastify'))),
  '@fastify/cookie': inRoom('http'),
  '@fastify/cors': inRoom('http'),
  '@fastify/fast-json-stringify-compiler': inRoom('http'),
  '@fastify/jwt': inRoom('http'),
  '@fastify/rate-limit': inRoom('http'),
  '@fastify/swagger': inRoom('http'),
  '@fastify/swagger-ui': inRoom('http'),
  typebox: inRoom('http'),
  ioredis: inRoom('http'),
  negotiator: inRoom('http'),
  tldts: inRoom('oauth'),
  bowser: inRoom('sessions/devices'),
  kysely: store,
  pg: store,
  'fast-jwt': inRoom('jwt'),
  '@node-rs/argon2': inRoom('users'),
  pino: inRoom('telemetry'),
  commander: inRoom('cli'),
  // Signed by one implementation and verified by another, so that each examines the other.
  jose: inRoom('verifier'),
}

/** Compare bytes that are no secret: the hash of an Idempotency-Key, which opens nothing. */
const COMPARES_OPENLY = ['src/sessions/rotation.ts']

/** Whoever installs the verifier may give it a clock; unless they do, it is the ambient one. */
const CLOCK_IS_AN_OPTION = [
  'src/verifier/options.ts',
  'src/verifier/service-token/options.ts',
  'src/verifier/testing.ts',
  'src/verifier/cli/main.ts',
]

/** What may stand only in some files. */
const WORDS: [what: string, pattern: RegExp, allowed: (file: string) => boolean][] = [
  ['process.env', /\bprocess\s*(\.|\?\.|\[\s*')\s*env\b/, (file) => file === 'src/config.ts'],
  ['process.env, taken apart', /\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/, () => false],
  ['node:process', /'node:process'/, () => false],
  [
    'Date.now',
    /\bDate\s*\.\s*now\b/,
    (file) => inRoom('base')(file) || CLOCK_IS_AN_OPTION.includes(file),
  ],
  ['new Date()', /\bnew Date(?!\s*\(\s*[^)\s])/, inRoom('base')],
  ['randomBytes', /\brandomBytes\b/, inRoom('base')],
  ['randomUUID', /\brandomUUID(v7)?\b/i, inRoom('base')],
  ['randomInt', /\brandomInt\b/, inRoom('base')],
  // The test issuer draws its own identifiers, outside of the service.
  [
    'getRandomValues',
    /\bgetRandomValues\b/,
    (file) => inRoom('base')(file) || inRoom('verifier/testing')(file),
  ],
  // It spreads the retries of verifiers, and is no secret.
  ['Math.random', /\bMath\s*\.\s*random\b/, inRoom('verifier')],
  // The signal that comes twice is told from a second one by the host's own time, not by the clock's.
  [
    'performance.now',
    /\bperformance\s*\.\s*now\b|\bhrtime\b|'node:perf_hooks'/,
    (file) => file === 'src/shutdown.ts' || file === 'src/base/clock.ts',
  ],
  ['now() in SQL', /(?<![.\w])now\s*\(\s*\)(?!\s*:)/i, () => false],
  ['current_timestamp in SQL', /\b(current_timestamp|localtimestamp|current_date)\b/i, () => false],
  [
    'clock_timestamp() in SQL',
    /\b(clock|statement|transaction)_timestamp\b/i,
    (file) => file === 'src/db/reference-clock.ts',
  ],
  // What a pooler in transaction mode loses between two statements, and what not every server has that
  // speaks Postgres's protocol. The embedded server is reached without one, and is Postgres.
  ['an advisory lock', /\bpg_(try_)?advisory\w*/i, inRoom('db/embedded')],
  ['LISTEN and NOTIFY', /[`;]\s*((un)?listen|notify)\s|\bpg_notify\b/i, () => false],
  ['a trigger', /\bcreate\s+(or\s+replace\s+)?(constraint\s+)?trigger\b/i, () => false],
  [
    'a setting of the session',
    /\bsql(<[^`]*>)?`\s*set\s+(?!local\b)|(^|;|`)\s*set\s+[a-z_]+\s*(=|to\s)|\bset_config\s*\([^)]*\bfalse\b/,
    () => false,
  ],
  ['a temporary table', /\bcreate\s+(local\s+|global\s+)?temp(orary)?\b/i, () => false],
  [
    'a cursor or a prepared transaction',
    /\bdeclare\s+\w+\s+cursor\b|\bprepare\s+transaction\b/i,
    () => false,
  ],
  ['a query', /\.\s*(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\s*\(/, store],
  // What is secret, and the hash or MAC of it, is compared by equalInConstantTime.
  ['timingSafeEqual', /\btimingSafeEqual\b/, (file) => file === 'src/base/hash.ts'],
  ['.equals(', /\.\s*equals\b/, (file) => COMPARES_OPENLY.includes(file)],
  ['Buffer.compare', /\bBuffer\s*\.\s*compare\b|\.\s*compare\s*\(/, () => false],
]

interface Import {
  file: string
  specifier: string
  typeOnly: boolean
}

const STATEMENT =
  /^(?:import|export)\s+(?<clause>type\s+[\w*${},\s]+?|[\w*${},\s]+?)\s+from\s+'(?<specifier>[^']+)'|^import\s+'(?<bare>[^']+)'|\bimport\(\s*'(?<dynamic>[^']+)'/gm

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(({ groups = {} }) => {
    const { clause = '', specifier, bare, dynamic } = groups
    const names = clause.replace(/^\{|\}$/g, '').split(',')
    const typeOnly =
      clause.startsWith('type ') ||
      (clause.startsWith('{') && names.every((name) => /^\s*(type\s|$)/.test(name)))
    return { file, specifier: (specifier ?? bare ?? dynamic) as string, typeOnly }
  })
}

/** The text without the lines that are comments only, which may speak of what code may not do. */
function codeOf(text: string): string {
  return text.replace(/^\s*(\/\/|\/?\*).*$/gm, '')
}

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((name) => !name.includes('/dist/'))
    .sort()
}

/** The room of a file, or the name of a file on top. */
const roomOf = (file: string) => file.split('/')[1] as string
const isFile = (room: string) => room.endsWith('.ts')

const files = filesUnder('src', '.ts')
const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))
const imports = files.flatMap((file) => importsOf(file, codeOf(texts.get(file) as string)))
const inner = imports
  .filter(({ specifier }) => specifier.startsWith('.'))
  .map((one) => ({ ...one, target: posix.join(dirname(one.file), one.specifier) }))
const outer = imports.filter(({ specifier }) => !/^(\.|node:)/.test(specifier))

const mayImport = (from: string, to: string, typeOnly: boolean): boolean => {
  if (from === to && !isFile(from)) return true
  const top = TOP[from]
  if (top !== undefined) return top(to)
  if (to in TOP) {
    const exception = LOOKS_UP[from]
    return exception?.targets.includes(to) === true && (typeOnly || !exception.typesOnly)
  }
  const importers = APART[to]
  if (importers !== undefined) return importers.includes(from)
  const side = SIDE[from]
  if (side !== undefined) return side.includes(to)
  const [own, other] = [RANKS[from], RANKS[to]]
  if (own === undefined || other === undefined) return false
  if (own > other) return true
  const neighbours = OPEN_TO_NEIGHBOURS.includes(to) && !OPEN_TO_NEIGHBOURS.includes(from)
  return own === other && (neighbours || NEIGHBOURS_ALLOWED[from]?.includes(to) === true)
}

t.test('every module and every import was seen', async (t) => {
  t.ok(files.length >= 110, `${files.length} modules`)
  t.ok(inner.length >= 300, `${inner.length} imports between them`)
  t.ok(outer.length >= 40, `${outer.length} imports of packages`)
  const missing = inner.filter(({ target }) => !existsSync(join(ROOT, target)))
  t.strictSame(missing, [], 'each names a file that is there')
  for (const [file, text] of texts) {
    const code = codeOf(text)
    const begun = code.match(/^import\b|^export\b[^=;'(]*\sfrom\s+'|\bimport\(/gm)?.length ?? 0
    t.equal(importsOf(file, code).length, begun, `${file}: every import was understood`)
  }
})

t.test('the rooms are those of the plan', async (t) => {
  const rooms = new Set(files.map(roomOf))
  const known = [
    ...Object.keys(RANKS),
    ...Object.keys(SIDE),
    ...Object.keys(APART),
    ...Object.keys(TOP),
  ]
  t.strictSame([...rooms].sort(), known.sort())
  t.strictSame(
    files.filter((file) => /(^|[/.-])(utils?|helpers?|common|shared|misc)[/.-]/i.test(file)),
    [],
    'a function without a home names a missing room',
  )
})

t.test('nobody looks up, and rooms of one rank do not know each other', async (t) => {
  const wrong = inner.filter(
    ({ file, target, typeOnly }) => !mayImport(roomOf(file), roomOf(target), typeOnly),
  )
  t.strictSame(
    wrong.map(({ file, target }) => `${file} imports ${target}`),
    [],
  )
})

t.test('a package stays in the room that it was taken in for', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  t.strictSame(Object.keys(PACKAGES).sort(), Object.keys(dependencies).sort(), 'each has a place')
  const wrong = outer.filter(({ file, specifier, typeOnly }) => {
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    return PACKAGES[name]?.(file, typeOnly) !== true
  })
  t.strictSame(
    wrong.map(({ file, specifier }) => `${file} imports ${specifier}`),
    [],
  )
})

t.test('the verifier runs wherever there is fetch', async (t) => {
  const wrong = imports.filter(
    ({ file, specifier }) =>
      inRoom('verifier')(file) && specifier.startsWith('node:') && !FOR_NODE.test(file),
  )
  t.strictSame(
    wrong.map(({ file, specifier }) => `${file} imports ${specifier}`),
    [],
  )
})

t.test('time, randomness and the environment come from one place', async (t) => {
  const read = [...texts, ...filesUnder('migrations', '.sql').map(readMigration)]
  t.ok(read.length > texts.size, 'the migrations are read as well')
  for (const [what, pattern, allowed] of WORDS) {
    const found = read.filter(([file, text]) => pattern.test(codeOf(text)) && !allowed(file))
    t.strictSame(
      found.map(([file]) => file),
      [],
      what,
    )
  }
  const hash = codeOf(texts.get('src/base/hash.ts') as string)
  t.match(hash, /\btimingSafeEqual\(a, b\)/, 'equalInConstantTime is what it says')
})

function readMigration(file: string): [string, string] {
  return [file, readFileSync(join(ROOT, file), 'utf8').replace(/--.*$/gm, '')]
}

t.test('there are no import cycles', async (t) => {
  const after = Map.groupBy(inner, ({ file }) => file)
  const done = new Set<string>()
  const cycles: string[] = []
  const walk = (file: string, path: string[]) => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' > '))
    if (done.has(file) || path.includes(file)) return
    for (const { target } of after.get(file) ?? []) walk(target, [...path, file])
    done.add(file)
  }
  for (const file of files) walk(file, [])
  t.strictSame(cycles, [])
  t.equal(done.size, files.length, 'every module was walked')
})

t.test('no file only passes on what others export', async (t) => {
  const passesOn = /^export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+'$/gm
  const barrels = [...texts].filter(([, text]) => {
    const rest = codeOf(text)
      .replace(passesOn, '')
      .replace(/^import\s[^']*'[^']+'$/gm, '')
    return rest.trim() === '' || /^(\s*export\s+(type\s+)?\{[^}]*\}\s*)+$/.test(rest)
  })
  t.strictSame(
    barrels.map(([file]) => file),
    [],
  )
})

t.test('files are small', async (t) => {
  const sizes = [...texts].map(([file, text]) => ({ file, lines: text.split('\n').length - 1 }))
  sizes.sort((a, b) => a.lines - b.lines)
  t.strictSame(
    sizes.filter(({ lines }) => lines > 300),
    [],
    'none has more than 300 lines',
  )
  const median = sizes[Math.floor(sizes.length / 2)]?.lines ?? Number.POSITIVE_INFINITY
  t.ok(median <= 80, `half of them have ${median} lines or fewer`)
})

t.test('no route imports another', async (t) => {
  const isRoute = (file: string) => file.startsWith('src/http/routes/')
  const wrong = inner.filter(({ file, target }) => isRoute(file) && isRoute(target))
  t.strictSame(
    wrong.map(({ file, target }) => `${file} imports ${target}`),
    [],
  )
})
