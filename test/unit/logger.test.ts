import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const LOGGER = new URL('../../src/telemetry/logger.ts', import.meta.url).href
const SECRETS = [
  'password',
  'client_secret',
  'refresh_token',
  'access_token',
  'token',
  'authorization',
  'cookie',
]

/** What the log says of these entries: it goes to standard output, so a process of its own writes it. */
async function logged(entries: object[]): Promise<Record<string, unknown>[]> {
  const script = `
    import { createLogger } from ${JSON.stringify(LOGGER)}
    const logger = createLogger({ level: 'info' })
    for (const entry of ${JSON.stringify(entries)}) logger.info(entry, 'said')`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
  const lines = stdout.trimEnd().split('\n')
  return lines.map((line) => {
    const { level, time, pid, hostname, msg, ...entry } = JSON.parse(line)
    t.equal(msg, 'said')
    return entry
  })
}

const at: Record<string, (member: object) => object> = {
  'on top': (member) => member,
  'one level down': (member) => ({ request: member }),
  'two levels down': (member) => ({ request: { body: member } }),
}

t.test('a secret that gets to the log is cut out, and nothing else', async (t) => {
  const cases = Object.entries(at).flatMap(([where, place]) =>
    SECRETS.map((name) => ({ what: `${name} ${where}`, name, place })),
  )
  const lines = await logged(cases.map(({ name, place }) => place({ [name]: 'canary', kept: 1 })))
  t.equal(lines.length, cases.length)
  for (const [n, { what, name, place }] of cases.entries()) {
    t.strictSame(lines[n], place({ [name]: '[redacted]', kept: 1 }), what)
  }
})
