import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { createSessionLog, readLoggedEnd } from '../../src/sessions/session-log.ts'
import { createStoppedClock } from '../support/clock.ts'

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
  'in a list': (member) => ({ requests: [{ body: [member] }] }),
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

t.test('the end of a session is read back from its line, whatever collected it', async (t) => {
  const sid = '01a1fdee-147f-7a2c-bdbd-11dc284559c0'
  const end = { sid, reason: 'logged_out', by: 'user {1}' }
  const line = JSON.stringify({ level: 30, time: 1, ...end, msg: 'session ended' })
  for (const text of [line, `${line}\r`, `mintmark-1  | ${line}`]) {
    t.strictSame(readLoggedEnd(text), end)
  }
  for (const text of [
    '',
    'session ended',
    '{"session ended"',
    line.replace('session ended', 'a session ended'),
    line.replace('logged_out', 'unheard_of'),
    line.replace(sid, "' or true --"),
    line.replace('"user {1}"', '1'),
    JSON.stringify({ ...end, msg: 'request', route: 'session ended' }),
  ]) {
    t.equal(readLoggedEnd(text), undefined, text)
  }
})

t.test('a set-back is warned of once, and again when it happens once more', async (t) => {
  const clock = createStoppedClock()
  const warnings: object[] = []
  const warn = (fields: object) => {
    warnings.push(fields)
  }
  const { setBack } = createSessionLog({ logger: { info: () => {}, warn }, clock })
  const before = clock.now() - 60_000
  for (const rowUsedAt of [before, before + 1, before - 86_400_000]) setBack(rowUsedAt)
  t.strictSame(warnings, [{ row_used_at: new Date(before).toISOString() }])
  clock.advance(3600)
  setBack(before + 2)
  t.equal(warnings.length, 1, 'a session that comes late tells nothing new')
  setBack(clock.now())
  t.equal(warnings.length, 2, 'its row was right since')
})
