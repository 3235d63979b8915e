import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { run } from '../../src/verifier/cli/run.ts'
import type { Surroundings } from '../../src/verifier/cli/surroundings.ts'
import { createTestIssuer } from '../../src/verifier/testing.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const clock = () => NOW
const issuer = await createTestIssuer({ clock })
const NAMED = ['--issuer', issuer.issuer, '--audience', 'https://api.test']

interface Verdict {
  good: boolean
  code?: string
  checks: { name: string; outcome: string; expected: string; actual: string; code?: string }[]
}

function ask(words: string[], other: Partial<Surroundings> = {}) {
  return run(words, {
    fetch: issuer.fetch,
    clock,
    readInput: async () => '',
    readFile: async (path) => {
      throw new Error(`there is no ${path}`)
    },
    readVersion: async () => '1.2.3',
    ...other,
  })
}

t.test('every finding is shown, and the exit code says whether the token is good', async (t) => {
  const token = await issuer.token({ scope: 'orders:read' })
  const good = await ask([token, ...NAMED, '--scope', 'orders:read'])
  t.equal(good.exitCode, 0, good.stderr)
  t.match(good.stdout, /^✓ signature$/m)
  t.match(good.stdout, /^– revocation$/m)
  t.match(good.stdout, /This access token is good\.\n$/)

  const poor = await ask([token, ...NAMED, '--scope', 'orders:write'])
  t.equal(poor.exitCode, 1)
  t.match(
    poor.stdout,
    /✗ scope \(scope_missing\)\n {4}actual {4}.*orders:read.*\n {4}expected {2}.*orders:write/,
  )
  for (const { stdout } of [good, poor]) {
    t.notOk(stdout.includes(token.split('.')[2] as string), 'the token is not repeated')
  }
})

t.test('the codes are those of the verifier', async (t) => {
  for (const [token, code] of [
    [await issuer.expired(), 'token_expired'],
    [await issuer.wrongAudience(), 'audience_mismatch'],
    [await issuer.wrongIssuer(), 'issuer_mismatch'],
    [await issuer.unknownKid(), 'kid_unknown'],
    [await issuer.badSignature(), 'signature_invalid'],
    [await issuer.notYetValid(), 'token_not_yet_valid'],
    [await issuer.token({ typ: 'JWT' }), 'typ_not_allowed'],
    ['no token at all', 'token_malformed'],
  ] as const) {
    const { stdout, exitCode } = await ask([token, ...NAMED, '--json'])
    const said: Verdict = JSON.parse(stdout)
    t.equal(exitCode, 1, code)
    t.match(said, { kind: 'access_token', good: false, code })
    t.ok(said.checks.some((one) => one.code === code && one.outcome === 'failed' && one.expected))
  }
  const typed = await ask([await issuer.token({ typ: 'JWT' }), ...NAMED, '--typ', 'JWT'])
  t.equal(typed.exitCode, 0, typed.stdout)
})

t.test('an issuer that cannot be asked is no fault of the token: exit code 3', async (t) => {
  const away: Partial<Surroundings> = {
    fetch: async () => {
      throw new TypeError('fetch failed')
    },
  }
  const token = await issuer.token()
  const { stdout, exitCode } = await ask([token, ...NAMED, '--json'], away)
  t.equal(exitCode, 3)
  t.match(JSON.parse(stdout), { good: null, code: 'jwks_unavailable' })
  const { stdout: said } = await ask([token, ...NAMED], away)
  t.match(said, /Nothing can be said of this access token: jwks_unavailable\.\n$/)
  t.notMatch(said, /NOT good/)
  const { stdout: word } = await ask(['word', ...NAMED])
  t.match(word, /actual {4}1 segment\n/)
  t.match(word, /– key\n.*\n {4}expected {2}a key of the issuer\n/)

  const readFile = async () => JSON.stringify(issuer.jwks)
  const offline = await ask([token, ...NAMED, '--jwks-file', 'jwks.json'], { ...away, readFile })
  t.equal(offline.exitCode, 0, 'keys from a file need no network')
  const missing = await ask([token, ...NAMED, '--jwks-file', 'jwks.json'])
  t.equal(missing.exitCode, 2)
  t.match(missing.stderr, /--jwks-file cannot be read: there is no jwks\.json/)
  for (const text of ['<html>', '[]', 'null']) {
    const other = { readFile: async () => text }
    const wrong = await ask([token, ...NAMED, '--jwks-file', 'jwks.json'], other)
    t.match(wrong, { exitCode: 2, stderr: /--jwks-file holds no JWK set/ })
  }
})

t.test('what a hint tells to say can be said, as it is called here', async (t) => {
  const now = NOW / 1000
  const file = { readFile: async () => JSON.stringify(issuer.jwks) }
  for (const [token, words, hint] of [
    [await issuer.token({ typ: 'JWT' }), ['--typ', 'JWT'], /Say --typ if/],
    [
      await issuer.token({ expiresIn: 7200 }),
      ['--max-token-lifetime', '7200'],
      /Say --max-token-lifetime if/,
    ],
    [
      await issuer.token({ claims: { iat: now - 600, exp: now - 60 } }),
      ['--clock-tolerance', '90'],
      /refresh token/,
    ],
  ] as const) {
    for (const command of [[token], ['doctor', '--token', token]]) {
      const asked = [...command, ...NAMED]
      t.match(await ask(asked), { exitCode: 1, stdout: hint })
      t.match(await ask([...asked, ...words]), { exitCode: 0 }, words[0])
      const keys = ['--jwks-file', 'jwks.json']
      t.match(await ask([...asked, ...words, ...keys], file), { exitCode: 0 })
    }
  }
  t.match((await ask([await issuer.wrongAudience(), ...NAMED])).stdout, /the option --audience/)
  t.match((await ask([await issuer.wrongIssuer(), ...NAMED])).stdout, /as --jwks-uri/)
  const stranger = await createTestIssuer({ clock })
  const foreign = ['doctor', '--token', await stranger.token(), ...NAMED]
  t.match(await ask(foreign), { exitCode: 1 })
  const keys = { readFile: async () => JSON.stringify(stranger.jwks) }
  t.match(await ask([...foreign, '--jwks-file', 'a'], keys), { exitCode: 0 }, 'of the file')
})

t.test('the token may come from standard input', async (t) => {
  const token = await issuer.token()
  const { exitCode } = await ask(['-', ...NAMED], { readInput: async () => `${token}\n` })
  t.equal(exitCode, 0)
})

t.test('wrong usage is told apart from a refused token, and repeats none', async (t) => {
  const token = await issuer.token()
  for (const [words, problem] of [
    [[token], /--issuer must be a URL/],
    [[token, '--issuer', 'auth.example', '--audience', 'a'], /--issuer must be a URL/],
    [[token, '--issuer', issuer.issuer], /--audience is missing/],
    [NAMED, /the token is missing/],
    [[token, token, ...NAMED], /one word too many/],
    [[token, ...NAMED, '--strict'], /--strict is an option of doctor/],
    [['doctor', ...NAMED, '--scope', 'a'], /--scope is an option of verify/],
    [[token, ...NAMED, '--audience', 'b'], /--audience was given twice/],
    [[token, ...NAMED, '--clock-tolerance', '1m'], /--clock-tolerance must be a number of seconds/],
    [[token, ...NAMED, '--clock-tolerance', '601'], /--clock-tolerance must be .* from 0 to 600/],
    [[token, ...NAMED, '--typ', ''], /--typ must be a string/],
    [[token, ...NAMED, `--${token}`], /Unknown option '--eyJ…'/],
    [[token, '--issuer', 'https://a.example?x', '--audience', 'b'], /--issuer is required/],
  ] as const) {
    const { exitCode, stderr, stdout } = await ask([...words])
    t.equal(exitCode, 2, stderr)
    t.match(stderr, problem)
    t.notOk(stderr.includes(token), 'no token')
    t.equal(stdout, '')
  }
  const { stderr } = await ask(['--json'])
  t.match(JSON.parse(stderr), { error: { code: 'usage', message: /the token is missing/ } })
  t.match((await ask(['--help'])).stdout, /^Usage: mintmark-verify/)
  t.equal((await ask(['--version'])).stdout, '1.2.3\n')
})

t.test('nothing that a token says steers the terminal', async (t) => {
  const steering = 'a\u001b[2J\u202e\u0085'
  const token = await issuer.token({ claims: { aud: steering } })
  const { stdout } = await ask([token, ...NAMED])
  t.notMatch(stdout, /(?!\n)\p{C}/u)
  const { stdout: json } = await ask([token, ...NAMED, '--json'])
  t.notMatch(json, /(?!\n)\p{C}/u)
  t.ok(JSON.parse(json).checks, 'still JSON')
})

t.test('the bin runs it, and exits so', async (t) => {
  const { issuer: url, listen, token } = await createTestIssuer()
  t.equal(url, 'https://issuer.test')
  const bin = fileURLToPath(new URL('../../src/verifier/bin.js', import.meta.url))
  const listening = await listen()
  t.teardown(() => listening.close())
  const words = ['-', '--issuer', listening.url, '--audience', 'https://another.test', '--json']
  const { NODE_OPTIONS: _recorder, ...env } = process.env
  const child = spawn(process.execPath, [bin, ...words], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(await token())
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  t.equal(code, 1)
  t.match(JSON.parse(stdout), { good: false, code: 'audience_mismatch' })
})
