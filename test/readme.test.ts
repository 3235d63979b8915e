import { execFile } from 'node:child_process'
import { cp, readFile, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { all, readDockerfile } from '../scripts/dockerfile.ts'
import { readConfig } from '../src/config.ts'
import { commandLine } from './support/cli.ts'
import { composeServices, readVariables } from './support/compose-file.ts'
import { createTestDatabase } from './support/database.ts'
import { freePort, type RunningService, startService, stateDirectory } from './support/process.ts'
import { GATEWAY_MAKES, MAKES } from './support/verifier-makes.ts'
import { verifiersTable } from './support/verifiers-table.ts'

// The tour starts some ten processes, one after the other.
t.setTimeout(300_000)

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PARTS = ['package.json', 'src', 'migrations', 'examples']

/** What a block may be; `json` and `text` are what commands print, the others are run. */
const KINDS = ['sh', 'sh production', 'sh container', 'js', 'json', 'text', 'indented']

const text = (file: string) => readFile(join(ROOT, file), 'utf8')

interface Block {
  kind: string
  body: string
}

/** The blocks of a Markdown file: fenced ones by what follows their fence, and indented ones. */
async function readBlocks(file: string): Promise<Block[]> {
  const blocks: Block[] = []
  let fence: string | undefined
  for (const line of (await text(file)).split('\n')) {
    const opens = /^\s*(`{3,}|~{3,})(.*)$/.exec(line)
    const last = blocks.at(-1)
    if (fence !== undefined) {
      if (opens?.[1] === fence && opens[2] === '') fence = undefined
      else if (last !== undefined) last.body += `${line}\n`
    } else if (opens !== null) {
      fence = opens[1]
      blocks.push({ kind: opens[2] as string, body: '' })
    } else if (/^( {4}|\t)/.test(line)) {
      blocks.push({ kind: 'indented', body: line.trim() })
    }
  }
  return blocks
}

const README = await readBlocks('README.md')
const EXAMPLE = await readBlocks('examples/orders-service/README.md')
const bodies = (blocks: Block[], kind: string) =>
  blocks.filter((block) => block.kind === kind).map(({ body }) => body)

/**
 * The commands of .ci/run, with the Node that it takes from the checkout called `node`: its own, those
 * that it takes from the Dockerfile, and those that it runs in what came of them.
 */
const CI = [
  (await text('.ci/run')).replaceAll('"$bin/node"', 'node').replaceAll(/^in_image /gm, ''),
  ...readDockerfile(await text('Dockerfile')).flatMap((stage) => all(stage, 'RUN')),
].join('\n')
const runsInCi = (command: string) =>
  CI.split('\n').some((line) => {
    const [before, after] = line.split(command)
    return after !== undefined && /^\s*$/.test(before ?? '') && /^( |$)/.test(after)
  })

/** A folder that looks like a checkout: one for all, as Node compiles what is in a new one anew. */
const CHECKOUT = dirname(await stateDirectory(t))
for (const part of PARTS) await cp(join(ROOT, part), join(CHECKOUT, part), { recursive: true })
await symlink(join(ROOT, 'node_modules'), join(CHECKOUT, 'node_modules'))

t.test('every block is of a kind that is known here', async (t) => {
  for (const [name, blocks] of Object.entries({ README, EXAMPLE })) {
    t.ok(blocks.length >= 2, `${name}: ${blocks.length} blocks`)
    for (const { kind, body } of blocks) t.ok(KINDS.includes(kind), `${name}: ${kind}: ${body}`)
  }
  t.strictSame([...new Set(EXAMPLE.map(({ kind }) => kind))], ['sh'], 'the example’s are commands')
})

t.test('the commands for newcomers are run by .ci/run, as printed', async (t) => {
  t.strictSame(bodies(README, 'indented'), ['npm ci && npm start', 'npm ci && npm test'])
  for (const command of bodies(README, 'indented')) t.ok(runsInCi(command), command)
})

t.test('the table of verifiers has the versions that are locked', async (t) => {
  t.match(
    await text('README.md'),
    `<!-- verifiers -->\n\n${verifiersTable()}\n\n<!-- /verifiers -->`,
  )
  const explained = (await text('docs/verifiers.md')).split(/^## /m).slice(1)
  const names = [...MAKES, ...GATEWAY_MAKES].map(({ name }) => name)
  t.strictSame(
    explained.map((section) => section.slice(0, section.indexOf('\n'))),
    names,
    'docs/verifiers.md tells of each',
  )
  for (const section of explained) {
    const [, program] = /^The whole: \[[^\]]*\]\(\.\.\/(.*)\)\.$/m.exec(section) ?? []
    const [, code = ''] = /^```\w+\n([\s\S]*?)^```$/m.exec(section) ?? []
    const lines = new Set(program && (await text(program)).split('\n').map((line) => line.trim()))
    const invented = code.split('\n').filter((line) => !lines.has(line.trim()) && line !== '')
    t.strictSame(invented, [], `${program ?? 'a gateway'}: what is printed is what is run`)
  }
})

t.test('.ci/run does the steps of the Dockerfile', async (t) => {
  t.match(CI, '\nnode scripts/image-steps.ts "$work/image"\n')
})

t.test('beside a running service', async (t) => {
  const cwd = CHECKOUT
  const adminPort = String(await freePort())
  const env = { STATE_DIR: join(cwd, '.mintmark'), ADMIN_PORT: adminPort }
  const service = await startService(t, env)
  const here = await address(service, adminPort)

  await t.test('the five-minute tour works as printed', async (t) => {
    const blocks = bodies(README, 'sh')
    t.ok(blocks.length >= 6, `${blocks.length} blocks`)
    const stdout = await here.bash(cwd, blocks.join('\n'))
    t.match(stdout, /"token_type":"Bearer"/, 'log in')
    const [, first, second] =
      /rotated\s+(mm_rt_\S+)\s+refresh-outcome: retried\s+(mm_rt_\S+)/.exec(stdout) ?? []
    t.ok(first, 'refresh')
    t.equal(first, second, 'the retry gets the same successor')
    t.match(stdout, /"client_id":"web","scope":"orders:read orders:write"/, 'me')
    t.match(stdout, /"orders_of":/, 'the sibling answers')
    t.match(stdout, /^\S+ +alice +web +20/m, 'the session is listed')
    t.match(stdout, /"reason":"session_revoked"/, 'logged out')
    t.match(stdout, /^It was ended on 20.*, because the user logged out there/m, 'and why')
    t.match(stdout, /^alice was logged out of \d+ of \d+ session/m, 'how many devices')
    t.match(
      stdout,
      /"session_expires_in":\d+\}204$/m,
      'a login, a refresh and a logout by a cookie',
    )
    t.match(stdout, /\{"sessions":\[\{.*"state":"ended"/, 'an operator sees sessions')
    t.match(stdout, /\{"events":\[\{.*"type":"session.ended".*"reason":"logged_out"/)
  })

  await t.test('a service verifies as printed', async (t) => {
    const [script = '', ...more] = bodies(README, 'js')
    t.strictSame(more, [], 'there is one')
    // The tour has logged out, of which this verifier would hear.
    const [logIn = ''] = bodies(README, 'sh')
    await here.bash(cwd, logIn)
    const tokens = await readFile(join(cwd, '.mintmark', 'tokens.json'), 'utf8')
    const { access_token: token } = JSON.parse(tokens)
    const verified = await verify(script, token)
    t.match(verified, { iss: here.issuer, client_id: 'web', roles: ['customer'], tier: 'gold' })
    const forged = `${token.slice(0, -8)}AAAAAAAA`
    await t.rejects(verify(script, forged), { message: /VerifyError: the signature does not fit/ })
  })

  /** What the printed code makes of a token, at the service that runs here. */
  async function verify(script: string, token: string) {
    const whole = `const accessToken = '${token}'
      ${script.replaceAll('https://auth.example', here.issuer)}
      console.log(JSON.stringify(claims))
      process.exit()`
    const args = ['--conditions=mintmark-source', '--input-type=module', '-e', whole]
    return JSON.parse(
      (await run('env', ['-u', 'NODE_OPTIONS', process.execPath, ...args], { cwd })).stdout,
    )
  }

  await t.test('the example works as its own README says', async (t) => {
    const manifest = async (file: string) => JSON.parse(await text(file))
    const { dependencies } = await manifest('examples/orders-service/package.json')
    const root = await manifest('package.json')
    const { name, version } = await manifest('src/verifier/package.json')
    const installed = { ...root.dependencies, ...root.devDependencies, [name]: `^${version}` }
    t.match(installed, dependencies, 'what it uses is here')
    const printed = bodies(EXAMPLE, 'sh').join('\n')
    const script = printed.replace(/^npm start$/m, here.startSibling)
    t.match(script, here.startSibling, 'it starts the example')
    const stdout = await here.bash(cwd, script)
    t.match(stdout, /^HTTP\/1.1 200 OK/m)
    t.match(stdout, /"orders_of":/)
  })

  await t.test('a command in the text is run here, or by .ci/run', async (t) => {
    const inline = [
      ...(await text('README.md')).matchAll(/`((?:npm|npx|node|mintmark|docker) [^`]*)`/g),
    ]
    const commands = new Set(inline.map(([, command]) => command as string))
    t.ok(commands.size >= 4, `${commands.size} commands`)
    const mintmark = commandLine({})
    for (const printed of commands) {
      // Its containers are named as in compose.yaml, and the image has the same command line.
      const command = printed.replace(/^docker compose exec mintmark /, '')
      if (command.startsWith('npx ')) t.ok(await here.bash(cwd, command), command)
      else if (!command.startsWith('mintmark ')) t.ok(runsInCi(command), command)
      else {
        const [, ...args] = command.split(' ')
        t.match((await mintmark([...args, '--help'])).stdout, `Usage: ${command}`)
      }
    }
  })
})

/**
 * How Bash begins, before what is printed. It is spared tap's recorder, which every Node process would
 * load; and npx, which takes three times as long as what it runs, is the real one only the first time.
 */
const SPARING = `unset NODE_OPTIONS
npx() {
  if [ -z "\${npx_works:-}" ]; then npx_works=1; command npx "$@"
  else shift; src/cli/main.ts "$@"; fi
}
`

/** Each job gets a process group, as npm starts a program by a shell that passes no signal on. */
const ENDS_ALL = `set -m
trap 'for job in $(jobs -p); do kill -- -$job 2>/dev/null || true; done' EXIT
`

/** How to run printed commands at the ports that were free. */
async function address(service: RunningService, adminPort: string) {
  const { port } = new URL(service.url)
  const ordersPort = await freePort()
  const issuer = `http://localhost:${port}`
  const env = { ...process.env, ISSUER: issuer, PORT: String(ordersPort) }
  return {
    issuer,
    startSibling: `npm start &
      until curl -s -o /dev/null http://localhost:4000/; do sleep 0.2; done`,
    /** Prints what the commands print. What they leave running in the background is ended. */
    async bash(cwd: string, commands: string): Promise<string> {
      const script = commands
        .replaceAll('localhost:3000', `localhost:${port}`)
        .replaceAll('localhost:3001', `localhost:${adminPort}`)
        .replaceAll('localhost:4000', `localhost:${ordersPort}`)
      return (
        await run('bash', ['-euc', SPARING + ENDS_ALL + script], { cwd, env, timeout: 60_000 })
      ).stdout
    },
  }
}

t.test('the two commands for a container start what compose.yaml describes', async (t) => {
  const [write = '', start, ...more] = bodies(README, 'sh container').join('').trim().split('\n')
  t.equal(start, 'docker compose up --build --detach --wait')
  t.strictSame(more, [], 'there are two')
  const cwd = t.testdir()
  await t.rejects(composeServices({}), { message: /"In a container" in README.md/ })
  t.match(await text('README.md'), /^### In a container$/m)
  await run('bash', ['-euc', write], { cwd })
  const written = await readFile(join(cwd, '.env'), 'utf8')
  t.equal((await stat(join(cwd, '.env'))).mode & 0o077, 0, 'nobody else may read it')
  const { mintmark } = await composeServices(readVariables(written))
  t.match(readConfig(mintmark?.environment ?? {}), { development: false })
  await run('bash', ['-euc', write], { cwd })
  t.equal(await readFile(join(cwd, '.env'), 'utf8'), written, 'a second time it is kept')
})

t.test('running it for real works as printed', async (t) => {
  const cwd = CHECKOUT
  const url = await createTestDatabase(t, 'empty')
  const [block = ''] = bodies(README, 'sh production')
  const script = block
    .replace(/^export DATABASE_URL=.*$/m, `export DATABASE_URL='${url}'`)
    .replace(/^npm start$/m, 'npm start & serving=$!')
  t.match(script, `'${url}'`, 'the block sets a database')
  t.match(script, 'serving=', 'the block ends by serving')
  const port = await freePort()
  const epilogue = `
    until curl -fsS http://127.0.0.1:${port}/readyz; do sleep 0.2; done
    curl -fsS http://127.0.0.1:${port}/.well-known/oauth-authorization-server
    kill $serving; wait $serving || true`
  const env = { ...process.env, PORT: String(port) }
  const { stdout } = await run('bash', ['-euc', SPARING + script + epilogue], {
    cwd,
    env,
    timeout: 60_000,
  })
  t.match(stdout, /"issuer":"https:\/\/auth.example"/)
})
