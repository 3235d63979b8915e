import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap, { type Test } from 'tap'
import type { Demo } from '../../src/development/demo.ts'
import {
  freePort,
  post,
  type Running,
  startProgram,
  startService,
  until,
} from '../support/process.ts'
import { ORDERS, type Tokens } from '../support/service.ts'
import { usedDirectory } from '../support/used-directory.ts'

const SERVER = fileURLToPath(new URL('../../examples/orders-service/server.js', import.meta.url))

/** As its `npm start` does: the verifier is not built in a checkout. */
const FROM_SOURCE = ['--conditions=mintmark-source']

tap.setTimeout(300_000)

tap.test(
  'a sibling service verifies tokens of Mintmark, and goes on when it is away',
  async (t) => {
    const directory = await usedDirectory(t)
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    const env = { STATE_DIR: directory, PORT: String(port), ISSUER: issuer }
    const mintmark = await startService(t, env)
    const demo: Demo = JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8'))
    const [user] = demo.users
    const ask = async (path: string, form: Record<string, string>) => {
      const answer = await post(mintmark, path, form)
      t.equal(answer.status, 200, `${path} ${form.grant_type ?? ''}`)
      return (await answer.json()) as Tokens
    }
    const logIn = (more: Record<string, string> = {}) =>
      ask('/token', {
        grant_type: 'password',
        client_id: 'web',
        username: user?.username ?? '',
        password: user?.password ?? '',
        ...more,
      })
    const sibling = await startSibling(t, issuer)

    const missing = await sibling.orders()
    t.equal(missing.status, 401)
    t.equal(missing.headers.get('www-authenticate'), 'Bearer', 'no error code without a token')

    const first = await logIn()
    t.equal(algorithmOf(first.access_token), 'ES256')
    const me = await fetch(`${mintmark.url}/me`, bearer(first.access_token))
    const { sub } = (await me.json()) as { sub: string }
    const good = await sibling.orders(first.access_token)
    t.equal(good.status, 200)
    t.match(await good.json(), { orders_of: sub, client: 'web' })

    const { refresh_token } = first
    const second = await ask('/refresh', { client_id: 'web', refresh_token })
    t.match(await (await sibling.orders(second.access_token)).json(), { orders_of: sub })

    const client = demo.clients.find(({ client_id }) => client_id === 'orders-service')
    const machine = await ask('/token', {
      grant_type: 'client_credentials',
      client_id: 'orders-service',
      client_secret: client?.client_secret ?? '',
    })
    t.equal(algorithmOf(machine.access_token), 'RS256')
    const byMachine = await sibling.orders(machine.access_token)
    t.match(await byMachine.json(), { orders_of: 'orders-service', client: 'orders-service' })

    const elsewhere = await logIn({ resource: issuer })
    await refused(t, await sibling.orders(elsewhere.access_token), 'meant for the issuer itself')
    await refused(t, await sibling.orders(first.refresh_token), 'a refresh token')
    await refused(t, await sibling.orders(`${first.access_token.slice(0, -8)}AAAAAAAA`), 'forged')
    const writer = await sibling.orders((await logIn({ scope: 'orders:write' })).access_token)
    t.equal(writer.status, 403)
    t.match(
      writer.headers.get('www-authenticate'),
      /^Bearer .*error="insufficient_scope".*scope="orders:read"/,
    )

    const { access_token: ended, refresh_token: last } = await logIn()
    t.equal((await sibling.orders(ended)).status, 200)
    t.equal((await post(mintmark, '/logout', { refresh_token: last })).status, 204)
    await until('the news', async () => (await sibling.orders(ended)).status === 401)

    mintmark.signal('SIGTERM')
    t.equal(await mintmark.ended(), 0)
    t.equal((await sibling.orders(second.access_token)).status, 200, 'offline')
    await refused(t, await sibling.orders(elsewhere.access_token), 'as strict as before')

    const cold = await startSibling(t, issuer)
    const unknown = await cold.orders(second.access_token)
    t.equal(unknown.status, 503, 'without keys nothing is known about a token')
    t.ok(Number(unknown.headers.get('retry-after')) > 0)
    t.equal(unknown.headers.get('www-authenticate'), null)
    t.equal((await cold.orders()).status, 401, 'but no token is no token')
    await startService(t, env)
    const isKnown = async () => (await cold.orders(second.access_token)).status === 200
    await until('the keys, which are fetched when they can be had', isKnown)
  },
)

async function refused(t: Test, answer: Response, what: string): Promise<void> {
  t.equal(answer.status, 401, what)
  t.match(answer.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/, what)
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

function algorithmOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).alg
}

/** Starts the example, and returns how to call it. */
async function startSibling(t: Test, issuer: string) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/orders`
  const env = { ISSUER: issuer, AUDIENCE: ORDERS, PORT: String(port) }
  const program: Running = startProgram(t, SERVER, env, FROM_SOURCE)
  await until('the sibling', async () => {
    if (!program.running) throw new Error(program.stderr())
    return fetch(url).catch(() => undefined)
  })
  return { orders: (token?: string) => fetch(url, token === undefined ? {} : bearer(token)) }
}
