import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { createRevocationStreams } from '../../src/http/revocation-streams.ts'
import { createRevocationFeed } from '../../src/revocations/feed/feed.ts'
import { claimsOf } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { fetchList, openList } from '../support/revocations.ts'
import { createTestService, type TestService } from '../support/service.ts'

const URL_OF_LIST = '/.well-known/revocations'

const operator = {
  by: 'operator',
  origin: { requestId: undefined, address: undefined, userAgent: undefined },
}

/** Logs somebody in and ends the session; returns its `sid`. */
async function endOne(service: TestService): Promise<string> {
  const { tokens } = await service.logIn()
  const sid = claimsOf(tokens.access_token).sid as string
  await service.parts.endSessions.end({ sid }, 'ended_by_operator', operator)
  return sid
}

t.test('the list is signed, complete, and 304 while nothing changed', async (t) => {
  const service = await createTestService(t)
  const sid = await endOne(service)
  const ask = (headers = {}) => service.inject({ url: URL_OF_LIST, headers })
  const answer = await ask({ origin: 'https://page.example' })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/revocations+jwt')
  t.equal(answer.headers['cache-control'], 'no-cache')
  t.equal(answer.headers['access-control-allow-origin'], '*')
  t.ok(answer.headers.ratelimit, 'it is limited as the keys are')
  const list = await openList(service, answer.body)
  t.match(list, { as_of: service.clock.now() / 1000, since: 0, more: false })
  t.match(list.entries, [{ sid }])
  const { etag = '' } = answer.headers
  const again = await ask({ 'if-none-match': etag })
  t.match([again.statusCode, again.body, again.headers.etag], [304, '', etag])
  service.clock.advance(1)
  await service.parts.revocationFeed.read()
  const later = await ask({ 'if-none-match': etag })
  t.equal(later.statusCode, 200, 'that it is still true is news')
  t.equal((await openList(service, later.body)).as_of, list.as_of + 1)
  t.equal((await service.inject({ method: 'HEAD', url: URL_OF_LIST })).body, '')
})

t.test('a number that is none is refused', async (t) => {
  const service = await createTestService(t)
  for (const query of ['since=', 'since=-1', 'since=1.5', 'since=now', 'since=1&since=2']) {
    for (const path of [URL_OF_LIST, `${URL_OF_LIST}/stream`]) {
      const answer = await service.inject({ url: `${path}?${query}` })
      t.match([answer.statusCode, answer.json().code], [400, 'parameter_invalid'], query)
    }
  }
})

t.test('the list is no access token, and an access token no list', async (t) => {
  const service = await createTestService(t)
  const { body } = await service.inject({ url: URL_OF_LIST })
  const headers = { authorization: `Bearer ${body}` }
  t.equal((await service.inject({ url: '/me', headers })).statusCode, 401)
  const { tokens } = await service.logIn()
  await t.rejects(openList(service, tokens.access_token), {
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
  })
})

t.test('while the database is away the last list is answered, and its age', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  const { clock, parts } = service
  const sid = await endOne(service)
  const before = await fetchList(service)
  await gate.shut()
  clock.advance(5)
  await t.rejects(parts.revocationFeed.read(), 'the database is away')
  // Whoever asks for what is not known here makes it look.
  const unknown = before.seq + 1_000
  t.match(await fetchList(service, unknown, { read: false }), { ...before, iat: before.iat + 5 })
  clock.advance(3_000)
  for (const since of [0, 7, unknown]) {
    const list = await fetchList(service, since, { read: false })
    t.match(list, { as_of: before.as_of, since: 0, entries: [{ sid }] }, `since ${since}`)
  }
  const current = await fetchList(service, before.seq, { read: false })
  t.match(current, { as_of: before.as_of, since: before.seq, entries: [] }, 'who has all of it')
  await gate.open()
  await parts.keyRing.load()
  const after = await fetchList(service)
  t.equal(after.as_of, clock.now() / 1000)
})

t.test('what is signed for an outage is dropped when that is over before', async (t) => {
  const gate = await createGatedDatabase(t)
  const { parts, clock } = await createTestService(t, { databaseUrl: gate.url })
  const log: string[] = []
  const note = (_fields: object, message: string) => void log.push(message)
  const [isSigning, maySign] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const feed = createRevocationFeed({
    ...parts,
    logger: { info: note, warn: note },
    async sign(claims) {
      isSigning.resolve()
      await maySign.promise
      return String(claims.as_of)
    },
  })
  await feed.read()
  await gate.shut()
  const unknown = clock.now() + 1_000
  const asked = [feed.answer(unknown), feed.answer(unknown)]
  await isSigning.promise
  await gate.open()
  clock.advance(1)
  await feed.read()
  maySign.resolve()
  await Promise.all(asked)
  t.equal((await feed.answer(0))?.body, String(clock.now() / 1_000), 'the list is as new as it is')
  t.match(log, [/cannot be read/, /is read again/])
  t.equal(log.length, 2, 'two that notice at once are one outage')
})

t.test('a replica that never saw the database says so', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  await gate.shut()
  for (const url of [URL_OF_LIST, `${URL_OF_LIST}/stream`]) {
    const answer = await service.inject({ url })
    t.match([answer.statusCode, answer.json().code], [503, 'not_ready'], url)
    t.ok(answer.headers['retry-after'])
  }
})

/** Follows the stream of a service that listens; `next` is its next event. */
async function follow(t: Test, service: TestService, headers: Record<string, string> = {}) {
  const { port } = service.app.server.address() as { port: number }
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const answer = await fetch(`http://127.0.0.1:${port}${URL_OF_LIST}/stream`, {
    headers,
    signal: stop.signal,
  })
  const chunks = (answer.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    [Symbol.asyncIterator]()
  let text = ''
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const event = text.slice(0, end)
        text = text.slice(end + 2)
        return event
      }
      const chunk = await chunks.next()
      if (chunk.done) return undefined
      text += chunk.value
    }
  }
  const nextList = async () => {
    const [name, id, data = ''] = ((await next()) ?? '').split('\n')
    const list = await openList(service, data.replace('data: ', ''))
    t.equal(name, 'event: revocations')
    t.equal(id, `id: ${list.seq}`)
    return list
  }
  return { answer, next, nextList }
}

t.test('the stream tells what is new at once, and goes on where a reader was', async (t) => {
  const service = await createTestService(t)
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  const first = await endOne(service)
  await service.parts.revocationFeed.read()
  const stream = await follow(t, service)
  t.equal(stream.answer.headers.get('content-type'), 'text/event-stream')
  const { headers } = stream.answer
  t.equal(headers.get('access-control-allow-origin'), '*')
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.equal(headers.get('cache-control'), 'no-store')
  t.ok(headers.get('ratelimit'), 'it counts once')
  t.equal(await stream.next(), 'retry: 2000')
  const begun = await stream.nextList()
  t.match(begun, { since: 0, entries: [{ sid: first }] })
  const second = await endOne(service)
  await service.parts.revocationFeed.read()
  const news = await stream.nextList()
  t.match(news, { since: begun.seq, entries: [{ sid: second }] })
  t.equal(news.entries.length, 1)

  const again = await follow(t, service, { 'last-event-id': String(begun.seq) })
  t.equal(await again.next(), 'retry: 2000')
  t.strictSame((await again.nextList()).entries, news.entries)
  const foreign = await follow(t, service, { 'last-event-id': 'x' })
  t.equal(await foreign.next(), 'retry: 2000')
  t.equal((await foreign.nextList()).entries.length, 2, 'all, after an id that is none of ours')

  const closed = service.app.close()
  t.equal(await stream.next(), undefined, 'it ends with the service')
  t.equal(await again.next(), undefined)
  await closed
})

/** Streams that beat fast; their timer keeps no process alive, so that the test has to. */
function createFastStreams(t: Test) {
  const streams = createRevocationStreams(silent, 2)
  const alive = setInterval(() => {}, 1_000)
  t.teardown(async () => {
    await streams.close()
    clearInterval(alive)
  })
  return streams
}

/** A feed without news. */
const silent = {
  answer: async () => ({ body: 'x', etag: '', since: 0, seq: 1, more: false }),
  onNews: () => () => {},
}

t.test('a stream says now and then that there is nothing new', async (t) => {
  const streams = createFastStreams(t)
  const heard: string[] = []
  const response = new PassThrough()
  for await (const chunk of streams.open(0, 'a', response) ?? []) {
    heard.push(String(chunk))
    if (heard.length === 4) break
  }
  response.destroy()
  const event = 'event: revocations\nid: 1\ndata: x\n\n'
  t.strictSame(heard, ['retry: 2000\n\n', event, event, event])
})

t.test('whoever does not read is cut off, and there are not too many', async (t) => {
  const streams = createFastStreams(t)
  const slow = Array.from({ length: 1_000 }, () => new PassThrough())
  const [one] = slow.map((response, place) => streams.open(0, `caller ${place % 20}`, response))
  t.equal(streams.open(0, 'a', new PassThrough()), undefined, 'the thousand and first')
  await Promise.all(slow.map((response) => once(response, 'close')))
  t.ok(one?.destroyed)
  const last = new PassThrough()
  t.ok(streams.open(0, 'a', last), 'there is room again')
  last.destroy()
  await streams.close()
  t.equal(streams.open(0, 'a', new PassThrough()), undefined, 'and none when the service closes')
})

t.test('one address does not take the place of all', async (t) => {
  const service = await createTestService(t, { env: { TRUSTED_PROXIES: '127.0.0.1' } })
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  const from = (address: string) => ({ 'x-forwarded-for': address })
  await Promise.all(
    Array.from({ length: 50 }, (_, place) => follow(t, service, from(`2001:db8::${place}`))),
  )
  const headers = from('2001:db8::ffff')
  const refused = await service.inject({ url: `${URL_OF_LIST}/stream`, headers })
  t.match([refused.statusCode, refused.json().code], [503, 'too_many_streams'], 'of the same /64')
  t.ok(refused.headers['retry-after'])
  const levels = service.log.map((line) => JSON.parse(line).level)
  t.ok(Math.max(...levels) < 40, 'and nobody is woken for it')
  const other = await follow(t, service, from('2001:db8:0:1::1'))
  t.equal(other.answer.status, 200, 'another has room')
})

t.test('whoever does not read keeps no service from closing', async (t) => {
  const service = await createTestService(t)
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  const at = service.clock.now()
  // More than the buffers of two sockets hold.
  await query(
    service.databaseUrl,
    `insert into revocations (id, kind, subject, made_at, expires_at)
     select gen_random_uuid(), 'jti', repeat('x', 2_000) || n, $1, $2 from generate_series(1, 5_000) as n`,
    [new Date(at), new Date(at + 600_000)],
  )
  await service.parts.revocationFeed.read()
  const { port } = service.app.server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(`GET ${URL_OF_LIST}/stream HTTP/1.1\r\nHost: x\r\n\r\n`)
  await once(socket, 'readable')
  await service.app.close()
  const ended = once(socket, 'close')
  socket.on('error', () => {}).resume()
  await ended
  t.ok(socket.bytesRead < 10_000_000, 'it was cut off in the midst of it')
})
