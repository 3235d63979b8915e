import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import tap, { type Test } from 'tap'
import type { Operation } from '../support/contract.ts'
import { query } from '../support/database.ts'
import { type RunningService, startService } from '../support/process.ts'
import { authorize, type DevelopmentDocument, type Trial, trialsOf } from '../support/trials.ts'
import { usedDirectory } from '../support/used-directory.ts'

tap.setTimeout(120_000)

async function readDocument(service: RunningService): Promise<DevelopmentDocument> {
  return (await (await fetch(`${service.url}/openapi.json`)).json()) as DevelopmentDocument
}

/** A stream of events goes on for ever. */
async function bodyOf(answer: Response): Promise<string> {
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer.text()
  await answer.body?.cancel()
  return ''
}

/** Sends every example of a fresh document, in an order of the caller's. */
async function tryAll(t: Test, service: RunningService, order: (trials: Trial[]) => Trial[]) {
  const document = await readDocument(service)
  const authorizationFor = await authorize(service, document)
  const trials = trialsOf(document)
  for (const { name, operation, path, init } of order(trials)) {
    const headers = { ...init.headers, ...authorizationFor(operation) }
    const answer = await fetch(`${service.url}${path}`, { ...init, headers })
    const expected = Object.keys(operation.responses).find((status) => status.startsWith('2'))
    const body = await bodyOf(answer)
    t.equal(String(answer.status), expected, `${name}: ${answer.ok ? '' : body}`)
    if (operation.operationId === 'introspectToken') t.match(body, '"active":true', name)
  }
  return trials.map(({ name }) => name)
}

tap.test('every example of the development document works, in any order', async (t) => {
  const service = await startService(t, { STATE_DIR: await usedDirectory(t) })
  const tried = await tryAll(t, service, (trials) => trials)
  t.ok(tried.length >= 24, `${tried.length} examples`)
  // Those that have been used up are new ones now.
  t.strictSame(await tryAll(t, service, (trials) => trials.toReversed()), tried)

  await t.test('a page whose name was made to lead here sees none of them', async (t) => {
    for (const path of ['/openapi.json', '/docs/json']) {
      const seenAs = (host: string) =>
        new Promise<string>((resolve, reject) => {
          get(`${service.url}${path}`, { headers: { host } }, async (answer) => {
            resolve(await text(answer))
          }).once('error', reject)
        })
      const { port } = new URL(service.url)
      for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example']) {
        t.notMatch(await seenAs(host), /x-development|mm_cs_|In development/, host)
      }
      for (const host of ['localhost', `LOCALHOST:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
        t.match(await seenAs(host), 'x-development', host)
      }
    }
  })

  await t.test('they stay until they have been used', async (t) => {
    const [first, second] = await Promise.all([readDocument(service), readDocument(service)])
    t.strictSame(first, second, 'two loads at once show the same')
    t.strictSame(await readDocument(service), first)
    const trials = trialsOf(first)
    const logout = trials.find(({ name }) => name.startsWith('logout'))
    t.equal((await fetch(`${service.url}/logout`, logout?.init)).status, 204)
    const later = trialsOf(await readDocument(service))
    const replaced = trials.filter(({ init }, index) => init.body !== later[index]?.init.body)
    const operations = replaced.map(({ operation }) => operation.operationId)
    t.strictSame([...new Set(operations)], ['logout'], 'only what was used is replaced')
  })
})

tap.test('a later start ends the sessions of the examples before it, and no others', async (t) => {
  const directory = await usedDirectory(t)
  const listAfter = async (service: RunningService) => {
    const document = await readDocument(service)
    const authorizationFor = await authorize(service, document)
    const headers = authorizationFor(document.paths['/sessions']?.get as Operation)
    const answer = await fetch(`${service.url}/sessions`, { headers })
    const { sessions } = (await answer.json()) as { sessions: { device: { label: string } }[] }
    return sessions.map(({ device }) => device.label).sort()
  }
  const first = await startService(t, { STATE_DIR: directory })
  t.strictSame(await listAfter(first), ['Node.js', 'example of endSession'])
  first.signal('SIGTERM')
  t.equal(await first.ended(), 0)
  const second = await startService(t, { STATE_DIR: directory })
  t.strictSame(await listAfter(second), ['Node.js', 'Node.js', 'example of endSession'])
})

tap.test('where no session can be had, the samples stay and the rest works', async (t) => {
  const directory = await usedDirectory(t)
  const service = await startService(t, { STATE_DIR: directory })
  const demo = JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8'))
  await query(demo.database_url, `delete from clients where client_id = 'backend'`)
  const trials = trialsOf(await readDocument(service))
  const statusOf = async (name: string) => {
    const trial = trials.find((one) => one.name === name)
    return (await fetch(`${service.url}${trial?.path}`, trial?.init)).status
  }
  await readDocument(service)
  const warning = 'the examples at /docs stay samples'
  await service.said(warning)
  t.equal(service.stdout().split(warning).length, 2, 'the log says so once')
  t.equal(await statusOf('requestToken password as a form'), 200)
  t.equal(await statusOf('requestToken client_credentials as JSON'), 200)
  t.equal(await statusOf('refresh public_client as JSON'), 400)
})
