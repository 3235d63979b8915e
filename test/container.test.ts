import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import {
  all,
  allowedEntries,
  execForm,
  healthCommand,
  only,
  readCopy,
  readDockerfile,
  type Stage,
} from '../scripts/dockerfile.ts'
import { VARIABLES } from '../src/config/variables.ts'
import { freePort } from './support/process.ts'

// What an engine would do with the Dockerfile is done by .ci/run and by scripts/image-check.

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const text = (file: string) => readFile(join(ROOT, file), 'utf8')
const json = async (file: string) => JSON.parse(await text(file))

const manifest = await json('package.json')
const stages = readDockerfile(await text('Dockerfile'))
const image = stages.at(-1) as Stage

t.test('the image is made of the Node that the tests run on', async (t) => {
  const { packages } = await json('package-lock.json')
  const { version } = packages['node_modules/node']
  for (const { name, base } of stages) {
    t.match(base, /-slim$/, name)
    t.equal(base.replace(/(-\w+)?-slim$/, ''), `docker.io/library/node:${version}`, name)
  }
  t.equal(manifest.engines.node, `>=${version.split('.')[0]}`)
})

t.test('what is copied is there, and the build sees nothing else', async (t) => {
  const copies = stages.map((stage) => ({ stage, copied: all(stage, 'COPY').map(readCopy) }))
  const context = new Set<string>()
  for (const { stage, copied } of copies) {
    for (const { from, sources } of copied) {
      if (from === undefined) for (const source of sources) context.add(source)
      else t.ok(stages.indexOf(stage) > stages.findIndex(({ name }) => name === from), from)
    }
  }
  t.strictSame(allowedEntries(await text('.dockerignore')), [...context].sort())
  for (const source of context) t.ok(await stat(join(ROOT, source)), source)
})

t.test('the image runs the built service, as a user that is not root', async (t) => {
  const [, started] = manifest.scripts.start.split('exec ')
  const built = started.replace('src/main.ts', 'dist/main.js')
  t.strictSame(execForm(only(image, 'CMD')), built.split(' '))
  t.strictSame(execForm(only(image, 'ENTRYPOINT')), [], 'and no shell before it')
  t.match(only(image, 'USER'), /^[1-9]\d*:[1-9]\d*$/)
  t.strictSame(all(image, 'RUN'), [], 'what builds it stays behind')
  t.ok(all(image, 'ENV').includes('NODE_ENV=production'))
  t.equal(only(image, 'EXPOSE'), VARIABLES.port.default)
  const link = manifest.bin.mintmark.replace('src/', '../dist/').replace('.ts', '.js')
  t.ok(stages.some((stage) => all(stage, 'RUN').join('\n').includes(`ln -s ${link} bin/mintmark`)))
})

t.test('its labels say what package.json says', async (t) => {
  const labels = [...only(image, 'LABEL').matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g)]
  t.strictSame(Object.fromEntries(labels.map(([, name, value]) => [name, value])), {
    title: Object.keys(manifest.bin)[0],
    description: manifest.description,
    version: manifest.version,
    licenses: manifest.license,
  })
})

t.test('its health is the answer of /livez', async (t) => {
  const { paths } = await json('openapi/public.json')
  t.ok(paths['/livez'])
  const [program, ...args] = healthCommand(image)
  t.equal(program, 'node')
  const exitCode = (port: number) =>
    run(process.execPath, args, { env: { PORT: String(port) } }).then(
      () => 0,
      ({ code }) => code,
    )
  t.equal(await exitCode(await listen(t, 200)), 0)
  t.equal(await exitCode(await listen(t, 503)), 1)
  t.equal(await exitCode(await freePort()), 1, 'nobody there')
  t.match(args.at(-1), `process.env.PORT || ${VARIABLES.port.default}`)
})

/** A server that answers /livez so, and knows no other path; returns its port. */
async function listen(t: Test, status: number): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/livez' ? status : 404).end()
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}
