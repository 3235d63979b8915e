import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { VerifyError } from '../../src/verifier/errors.ts'
import { createFetcher } from '../../src/verifier/fetch.ts'
import { readAnswer } from '../../src/verifier/revocations/answer.ts'
import { createEventStreamReader } from '../../src/verifier/revocations/event-stream.ts'
import { createRevocations } from '../../src/verifier/revocations/feed.ts'
import { createRevocationList } from '../../src/verifier/revocations/list.ts'
import { instantOfSession, instantOfToken } from '../../src/verifier/revocations/start.ts'
import type { AccessTokenClaims, RevocationOptions, StaleEvent } from '../../src/verifier/types.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const SECONDS = NOW / 1000
const ISSUER = 'https://auth.example'
const FEED = `${ISSUER}/.well-known/revocations`

const SID = sidAt(NOW - 60_000)

function sidAt(instant: number): string {
  const hex = instant.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

function jtiAt(instant: number): string {
  const bytes = Buffer.alloc(22)
  bytes.writeUIntBE(instant, 0, 6)
  return bytes.toString('base64url')
}

function claimsOf(claims: Partial<AccessTokenClaims> = {}): AccessTokenClaims {
  return {
    iss: ISSUER,
    sub: 'alice',
    aud: 'https://orders.example',
    exp: SECONDS + 600,
    iat: SECONDS,
    jti: jtiAt(NOW),
    client_id: 'web',
    ...claims,
  }
}

interface Answered {
  as_of?: number
  since?: number
  seq?: number
  more?: boolean
  entries?: unknown
}

const answer = (said: Answered = {}) => ({
  as_of: SECONDS,
  since: 0,
  seq: 1,
  more: false,
  entries: [],
  ...said,
})

t.test('the list', async (t) => {
  const end = (fields: Record<string, unknown>) => readAnswer(answer({ entries: [fields] })).entries

  t.test('finds a session, a token and a key that ended', async (t) => {
    const list = createRevocationList(30)
    t.equal(list.find(claimsOf({ sid: SID }), 'k'), undefined)
    list.add(end({ sid: SID, exp: SECONDS + 600 }))
    list.add(end({ jti: 'a', exp: SECONDS + 600 }))
    list.add(end({ kid: 'stolen', exp: SECONDS + 600 }))
    t.equal(list.find(claimsOf({ sid: SID }), 'k'), 'sid')
    t.equal(list.find(claimsOf({ jti: 'a' }), 'k'), 'jti')
    t.equal(list.find(claimsOf(), 'stolen'), 'kid')
    t.equal(list.find(claimsOf(), 'k'), undefined)
    t.equal(list.size, 3)
  })

  t.test('a cut-off ends what started before it, to the millisecond', async (t) => {
    for (const kind of ['sub', 'client_id']) {
      const list = createRevocationList(30)
      const name = kind === 'sub' ? 'alice' : 'web'
      list.add(end({ [kind]: name, before: (NOW + 123) / 1000, exp: SECONDS + 600 }))
      t.equal(list.find(claimsOf({ sid: sidAt(NOW + 122) }), 'k'), kind)
      t.equal(list.find(claimsOf({ sid: sidAt(NOW + 123) }), 'k'), undefined)
      t.equal(list.find(claimsOf({ jti: jtiAt(NOW + 122) }), 'k'), kind)
      t.equal(list.find(claimsOf({ jti: jtiAt(NOW + 123) }), 'k'), undefined)
      t.equal(list.find(claimsOf({ jti: 'of another form', iat: SECONDS }), 'k'), kind)
      t.equal(list.find(claimsOf({ jti: 'of another form', iat: SECONDS + 1 }), 'k'), undefined)
      t.equal(list.find(claimsOf({ sid: 'of another form' }), 'k'), kind)
      const later = { sid: 'of another form', jti: jtiAt(NOW + 123) }
      t.equal(list.find(claimsOf(later), 'k'), undefined)
      t.equal(list.find(claimsOf({ sub: 'bob', client_id: 'app' }), 'k'), undefined)
    }
  })

  t.test('a token without a session goes by issued_before', async (t) => {
    const list = createRevocationList(30)
    const entry = { before: SECONDS + 30, issued_before: SECONDS, exp: SECONDS + 600 }
    list.add(end({ client_id: 'web', ...entry }))
    t.equal(list.find(claimsOf({ jti: jtiAt(NOW - 1) }), 'k'), 'client_id')
    t.equal(list.find(claimsOf({ jti: jtiAt(NOW) }), 'k'), undefined)
    t.equal(list.find(claimsOf({ sid: sidAt(NOW) }), 'k'), 'client_id')
  })

  t.test('the newest cut-off wins, in whatever order they come', async (t) => {
    const list = createRevocationList(30)
    for (const before of [SECONDS, SECONDS + 10, SECONDS + 5]) {
      list.add(end({ sub: 'alice', before, exp: SECONDS + 600 }))
    }
    t.equal(list.find(claimsOf({ sid: sidAt(NOW + 9_999) }), 'k'), 'sub')
    t.equal(list.find(claimsOf({ sid: sidAt(NOW + 10_000) }), 'k'), undefined)
    t.equal(list.size, 1)
  })

  t.test('forgets what can concern no living token, and nothing earlier', async (t) => {
    const list = createRevocationList(30)
    list.add(end({ sid: SID, exp: SECONDS + 60 }))
    list.add(end({ jti: 'a', exp: SECONDS + 60 }))
    list.add(end({ jti: 'a', exp: SECONDS + 600 }))
    list.add(end({ jti: 'a', exp: SECONDS + 60 }))
    list.forget(NOW + 89_999)
    t.equal(list.find(claimsOf({ sid: SID }), 'k'), 'sid', 'a clock may be 30 s behind')
    list.forget(NOW + 150_000)
    t.equal(list.find(claimsOf({ sid: SID }), 'k'), undefined)
    t.equal(list.find(claimsOf({ jti: 'a' }), 'k'), 'jti', 'what was said again later stays')
    list.forget(NOW + 700_000)
    t.equal(list.size, 0)
  })

  t.test('never forgets a key, whose thief makes new tokens at any time', async (t) => {
    const list = createRevocationList(30)
    list.add(end({ kid: 'stolen', exp: SECONDS + 600 }))
    list.forget(NOW + 86_400_000)
    t.equal(list.find(claimsOf(), 'stolen'), 'kid')
    t.equal(list.size, 1)
  })

  t.test('forgets a great many by and by', async (t) => {
    const list = createRevocationList(30)
    const entries = Array.from({ length: 100_000 }, (_, n) => end({ jti: `${n}`, exp: SECONDS }))
    for (const entry of entries) list.add(entry)
    list.forget(NOW)
    list.forget(NOW + 120_000)
    t.ok(list.size > 0, 'at once it would hold up the requests')
    for (let n = 0; n < 10; n += 1) list.forget(NOW + 120_000)
    t.equal(list.size, 0)
    for (const entry of entries) list.add(entry)
    list.forget(NOW + 120_000)
    t.equal(list.size, 0, 'as fast as they came')
  })
})

t.test('an answer of the wrong shape is none, one of a newer issuer is', async (t) => {
  const good = { sid: SID, exp: SECONDS }
  for (const wrong of [
    { entries: undefined },
    { entries: {} },
    { entries: [good, null] },
    { entries: [good, { sid: 1, exp: SECONDS }] },
    { entries: [good, { sid: '', exp: SECONDS }] },
    { entries: [good, { sid: 'a' }] },
    { entries: [good, { sid: 'a', exp: '1' }] },
    { entries: [good, { sub: 'a', exp: SECONDS }] },
    { entries: [good, { client_id: 'a', before: 1, issued_before: '1', exp: SECONDS }] },
    { as_of: undefined },
    { as_of: Number.NaN },
    { seq: 1.5 },
    { seq: -1 },
    { since: '0' },
    { more: 'no' },
  ] as Answered[]) {
    t.throws(() => readAnswer(answer(wrong)), JSON.stringify(wrong))
  }
  const entries = [{ device: 'a', exp: 1 }, { sub: 'a', client_id: 'b', before: 1, exp: 1 }, good]
  t.match(readAnswer({ ...answer({ entries }), another: 1 }).entries, [{ kind: 'sid' }])
})

t.test('an event stream is read wherever it is cut', async (t) => {
  const text =
    ': a comment\r\nretry: 2000\r\n\r\nevent: revocations\nid: 1\ndata: ä€\ndata:  b\n\n' +
    'data\r\r\ndata:c\r\rdata: 𝄞\n\nevent: nothing\n\nretry: soon\ndata: not complete\n'
  const bytes = new TextEncoder().encode(`\uFEFF${text}`)
  const expected = [
    { event: 'revocations', data: 'ä€\n b' },
    { event: 'message', data: '' },
    { event: 'message', data: 'c' },
    { event: 'message', data: '𝄞' },
  ]
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = createEventStreamReader(100)
    const events = []
    for (let at = 0; at < bytes.length; at += size) {
      events.push(...reader.push(bytes.subarray(at, at + size)))
    }
    t.same(events, expected, `in pieces of ${size}`)
    t.equal(reader.retry, 2000)
  }
  t.throws(() => createEventStreamReader(100).push(new Uint8Array(101).fill(97)), /larger than 100/)
  const lines = new TextEncoder().encode('data: 0123456789\n'.repeat(11))
  t.throws(() => createEventStreamReader(100).push(lines), /larger than 100/)
})

/** A feed whose answers a test makes, and timers that it runs. */
function createFeed(t: Test, settings: RevocationOptions, chance: { random?: number } = {}) {
  let now = NOW
  let planned = 0
  const timers = new Set<{ run: () => void; milliseconds: number }>()
  const requests: { url: string; headers: Record<string, string> }[] = []
  const stale: StaleEvent[] = []
  const state = {
    respond: (_url: string): Response | Promise<Response> => Response.json(answer()),
  }
  const fetch = (async (url: string, init: RequestInit) => {
    requests.push({ url: String(url), headers: init.headers as Record<string, string> })
    const response = await state.respond(String(url))
    init.signal?.addEventListener('abort', () => streams.get(response)?.error(new Error('aborted')))
    return response
  }) as typeof globalThis.fetch
  const streams = new Map<Response, ReadableStreamDefaultController<Uint8Array>>()
  const revocations = createRevocations({
    issuer: ISSUER,
    settings,
    fetcher: createFetcher({ fetch, timeout: 3000, retries: 0 }),
    fetch,
    clock: () => now,
    verifyList: async (jws) => JSON.parse(jws),
    onStale: (event) => stale.push(event),
    random: () => chance.random ?? 0.5,
    schedule(run, milliseconds) {
      const timer = { run, milliseconds }
      timers.add(timer)
      planned += 1
      return () => timers.delete(timer)
    },
  })
  t.teardown(() => revocations.close())
  return {
    revocations,
    requests,
    stale,
    state,
    timers: () => [...timers].map(({ milliseconds }) => milliseconds).sort((a, b) => a - b),
    advance(seconds: number) {
      now += seconds * 1000
    },
    now: () => now / 1000,
    planned: () => planned,
    /** Why the news are stale, as whoever listens is told. */
    reasons() {
      revocations.stats()
      return stale.map(({ reason }) => reason).join()
    },
    /** Runs what is to be run next, and waits for what it does. */
    async tick() {
      const [next] = [...timers].sort((a, b) => a.milliseconds - b.milliseconds)
      if (next === undefined) throw new Error('nothing is planned')
      timers.delete(next)
      now += next.milliseconds
      next.run()
      await settle()
    },
    /** A stream, and how to write to it. */
    stream() {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined
      const body = new ReadableStream<Uint8Array>({
        start(given) {
          controller = given
        },
      })
      const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      const writer = controller as ReadableStreamDefaultController<Uint8Array>
      streams.set(response, writer)
      return {
        response,
        async write(text: string) {
          writer.enqueue(new TextEncoder().encode(text))
          await settle()
        },
        async say(said: Answered) {
          const data = JSON.stringify(answer(said))
          await this.write(`event: revocations\nid: ${said.seq}\ndata: ${data}\n\n`)
        },
        async end() {
          writer.close()
          await settle()
        },
      }
    },
  }
}

async function settle(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await setImmediate()
}

const json = (said: Answered, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(answer(said)), { headers })
const ended = { entries: [{ sid: SID, exp: SECONDS + 600 }] }
const token = claimsOf({ sid: SID })

t.test('by asking', async (t) => {
  t.test('nothing is fetched before the first token, which waits for the list', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    t.same(feed.requests, [])
    feed.state.respond = () => json(ended)
    await feed.revocations.ready(undefined)
    t.equal(feed.revocations.find(token, 'k'), 'sid')
    t.match(feed.requests, [{ url: FEED, headers: { accept: 'application/revocations+jwt' } }])
    t.equal(feed.revocations.ready('closed'), undefined, 'nothing to wait for')
    t.match(feed.revocations.stats(), { by: 'poll', entries: 1, seq: 1, ageSeconds: 0, fetches: 1 })
  })

  t.test(
    'it goes on from what it knows, every so often, and not in step with others',
    async (t) => {
      for (const [random, wait] of [
        [0, 27_000],
        [0.5, 30_000],
        [0.999, 32_994],
      ] as const) {
        const feed = createFeed(t, { by: 'poll' }, { random })
        feed.state.respond = () => json({ seq: 7 })
        await feed.revocations.ready(undefined)
        await settle()
        t.same(feed.timers().map(Math.round), [wait])
        feed.state.respond = () => json({ since: 7, seq: 9, as_of: feed.now(), ...ended })
        await feed.tick()
        t.equal(feed.requests.at(-1)?.url, `${FEED}?since=7`)
        t.equal(feed.revocations.find(token, 'k'), 'sid')
        t.equal(feed.revocations.stats().seq, 9)
      }
    },
  )

  t.test('all parts of a long list are fetched before the first token is judged', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = (url) =>
      url === FEED ? json({ seq: 5, more: true }) : json({ since: 5, seq: 8, ...ended })
    await feed.revocations.ready(undefined)
    t.same(
      feed.requests.map(({ url }) => url),
      [FEED, `${FEED}?since=5`],
    )
    t.equal(feed.revocations.find(token, 'k'), 'sid')
  })

  t.test('a list that leaves out its beginning is given up', async (t) => {
    const feed = createFeed(t, { by: 'poll', whenStale: 'closed' })
    feed.state.respond = () => json({ since: 3, seq: 5 })
    const error = await (feed.revocations.ready(undefined) as Promise<void>).catch((e) => e)
    t.match(error.hint, /leaves out its beginning/)
    t.equal(feed.requests.length, 1)
  })

  t.test('a list without an end is given up', async (t) => {
    const feed = createFeed(t, { by: 'poll', whenStale: 'closed' })
    let seq = 0
    feed.state.respond = () => json({ since: seq, seq: ++seq, more: true })
    const error = await (feed.revocations.ready(undefined) as Promise<void>).catch((e) => e)
    t.match(error.hint, /no end after 1000/)
    t.equal(feed.requests.length, 1000)
  })

  t.test('an answer without a name is asked for as a whole again', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => json({ seq: 0 })
    await feed.revocations.ready(undefined)
    await settle()
    await feed.tick()
    t.notOk('if-none-match' in (feed.requests.at(-1)?.headers ?? {}))
  })

  t.test('what is over is forgotten while it asks', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => json(ended)
    await feed.revocations.ready(undefined)
    await settle()
    feed.advance(700)
    feed.state.respond = () => json({ since: 1, as_of: feed.now() })
    await feed.tick()
    t.equal(feed.revocations.stats().entries, 0)
  })

  t.test('a list that promises more and gives none is given up', async (t) => {
    const feed = createFeed(t, { by: 'poll', whenStale: 'closed' })
    feed.state.respond = (url) => json({ since: url === FEED ? 0 : 5, seq: 5, more: true })
    await t.rejects(feed.revocations.ready(undefined) as Promise<void>, {
      code: 'revocations_stale',
    })
    t.equal(feed.requests.length, 2)
  })

  t.test('what continues a number never reached makes it begin anew', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => json({ seq: 5 })
    await feed.revocations.ready(undefined)
    await settle()
    feed.state.respond = (url) =>
      url === FEED ? json({ seq: 12, as_of: feed.now(), ...ended }) : json({ since: 8, seq: 12 })
    await feed.tick()
    t.same(
      feed.requests.map(({ url }) => url),
      [FEED, `${FEED}?since=5`, FEED],
    )
    t.equal(feed.revocations.find(token, 'k'), 'sid')
    t.equal(feed.revocations.stats().ageSeconds, 0)
  })

  t.test('a beginning that is none is given up', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => json({ since: 5, seq: 12 })
    await t.rejects(feed.revocations.ready('closed') as Promise<void>)
    t.equal(feed.requests.length, 1)
  })

  t.test('a replica that lags behind takes nothing back', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => json({ seq: 9, ...ended })
    await feed.revocations.ready(undefined)
    await settle()
    const other = { jti: 'b', exp: SECONDS + 600 }
    feed.state.respond = () => json({ seq: 3, as_of: SECONDS - 20, entries: [other] })
    await feed.tick()
    t.equal(feed.revocations.find(token, 'k'), 'sid')
    t.equal(feed.revocations.find(claimsOf({ jti: 'b' }), 'k'), 'jti')
    t.match(feed.revocations.stats(), { seq: 9, ageSeconds: 30 })
  })

  t.test('an unchanged answer is not sent twice, unless its age matters', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => json({ seq: 0 }, { etag: '"a"' })
    await feed.revocations.ready(undefined)
    await settle()
    feed.state.respond = () => new Response(null, { status: 304 })
    await feed.tick()
    t.equal(feed.requests.at(-1)?.headers['if-none-match'], '"a"')
    t.match(feed.revocations.stats(), { failures: 0, ageSeconds: 30 })
    await feed.tick()
    t.equal(feed.requests.at(-1)?.headers['if-none-match'], undefined)
  })

  t.test(
    'errors and lists of the wrong shape leave what is known, and are tried again',
    async (t) => {
      const feed = createFeed(t, { by: 'poll' })
      feed.state.respond = () => json({ seq: 9, ...ended })
      await feed.revocations.ready(undefined)
      await settle()
      const waits: number[] = []
      for (const bad of [
        () => new Response('', { status: 500 }),
        () => new Response('<html>'),
        () => json({ seq: 10, entries: [{ jti: 'c', exp: 1 }, { jti: 1 }] }),
        () => Promise.reject(new Error('no network')),
        () => new Response('', { status: 503, headers: { 'retry-after': '50' } }),
      ]) {
        feed.state.respond = bad
        await feed.tick()
        waits.push(...feed.timers())
      }
      t.same(waits, [1500, 3000, 6000, 12_000, 50_000])
      t.equal(feed.revocations.find(token, 'k'), 'sid')
      t.equal(feed.revocations.find(claimsOf({ jti: 'c' }), 'k'), undefined)
      t.match(feed.revocations.stats(), { entries: 1, seq: 9, failures: 5 })
    },
  )

  t.test('tokens at once share one fetch', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    await Promise.all([1, 2, 3].map(() => feed.revocations.ready('closed')))
    t.equal(feed.requests.length, 1)
  })

  t.test('where timers sleep, the next token asks', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    await feed.revocations.ready(undefined)
    await settle()
    feed.advance(31)
    feed.state.respond = () => json({ since: 1, seq: 2, as_of: feed.now(), ...ended })
    t.equal(feed.revocations.ready('closed'), undefined, 'nobody waits for it')
    await settle()
    t.equal(feed.timers().length, 1, 'one thing is planned, and not two')
    t.equal(feed.revocations.find(token, 'k'), 'sid')
  })

  t.test('after close nothing is fetched and nothing is planned', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    await feed.revocations.ready(undefined)
    await settle()
    feed.revocations.close()
    feed.advance(1000)
    t.same(feed.timers(), [])
    await t.rejects(feed.revocations.ready('closed') as Promise<void>)
    t.equal(feed.requests.length, 1)
  })
})

t.test('when the news are stale', async (t) => {
  t.test('a token passes or is answered 503, as the verifier or the call says', async (t) => {
    for (const whenStale of ['open', 'closed'] as const) {
      const feed = createFeed(t, { by: 'poll', whenStale })
      await feed.revocations.ready(undefined)
      await settle()
      feed.state.respond = () => Promise.reject(new Error('no network'))
      feed.advance(120)
      t.equal(feed.revocations.ready('closed'), undefined, 'not yet')
      await settle()
      feed.advance(0.001)
      t.equal(feed.revocations.ready('open'), undefined)
      const error = await (feed.revocations.ready('closed') as Promise<void>).catch((e) => e)
      t.ok(error instanceof VerifyError)
      t.match(error, { code: 'revocations_stale', status: 503, retryAfterSeconds: 5 })
      t.match(error.hint, /no network/)
      const asSet = feed.revocations.ready(undefined)
      if (whenStale === 'open') t.equal(asSet, undefined)
      else await t.rejects(asSet as Promise<void>)
    }
  })

  t.test('a start without the feed passes or is answered 503 after the first try', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    feed.state.respond = () => Promise.reject(new Error('no network'))
    await Promise.all([
      t.resolves(feed.revocations.ready('open') as Promise<void>),
      t.rejects(feed.revocations.ready('closed') as Promise<void>, { code: 'revocations_stale' }),
    ])
    t.match(feed.stale, [{ what: 'revocations', stale: true, ageSeconds: undefined }])
    t.equal(feed.revocations.ready('open'), undefined)
  })

  t.test('it is said once, and once that it is over', async (t) => {
    const feed = createFeed(t, { by: 'poll' })
    await feed.revocations.ready(undefined)
    await settle()
    feed.state.respond = () => Promise.reject(new Error('no network'))
    while (feed.now() < SECONDS + 200) await feed.tick()
    t.equal(feed.revocations.ready('open'), undefined)
    t.match(feed.stale, [{ stale: true, reason: /no network/ }])
    feed.state.respond = () => json({ since: 1, as_of: feed.now() })
    await feed.tick()
    t.equal(feed.revocations.ready('open'), undefined)
    t.match(feed.stale, [{ stale: true }, { stale: false, ageSeconds: 0, reason: undefined }])
    t.equal(feed.stale.length, 2)
  })

  t.test('answers whose as_of stands still do not keep it fresh', async (t) => {
    for (const asOf of [SECONDS, SECONDS + 3600]) {
      const feed = createFeed(t, { by: 'poll' })
      feed.state.respond = () => json({ as_of: asOf })
      await feed.revocations.ready(undefined)
      await settle()
      for (let n = 0; n < 4; n += 1) await feed.tick()
      t.equal(feed.revocations.stats().stale, false)
      await feed.tick()
      t.equal(feed.revocations.stats().stale, true)
      await t.rejects(feed.revocations.ready('closed') as Promise<void>)
    }
  })

  t.test('clocks that differ a little change nothing, and one set right is believed', async (t) => {
    for (const offset of [-29, 29, 3600]) {
      const feed = createFeed(t, { by: 'poll' })
      feed.state.respond = () => json({ as_of: feed.now() + offset })
      await feed.revocations.ready(undefined)
      await settle()
      t.equal(feed.revocations.stats().ageSeconds, 0)
      feed.state.respond = () => json({ as_of: feed.now() })
      await feed.tick()
      await feed.tick()
      t.equal(feed.revocations.stats().ageSeconds, 0)
    }
    const late = createFeed(t, { by: 'poll' })
    late.state.respond = () => json({ as_of: SECONDS - 100 })
    await late.revocations.ready(undefined)
    t.equal(late.revocations.stats().ageSeconds, 100, 'what is old by more than that is old')
  })
})

const TYPE = { 'content-type': 'text/event-stream' }
const stream = (init: ResponseInit) =>
  new Response(new TextEncoder().encode('retry: 9\n\n'), { headers: TYPE, ...init })

t.test('by the stream', async (t) => {
  const begin = async (t: Test, settings: Partial<RevocationOptions> = {}) => {
    const feed = createFeed(t, { by: 'stream', ...settings })
    const first = feed.stream()
    feed.state.respond = (url) => (url.includes('/stream') ? first.response : json({ seq: 4 }))
    await feed.revocations.ready(undefined)
    await settle()
    return { ...feed, first }
  }

  t.test('what ends is known with the event that tells it', async (t) => {
    const { revocations, requests, first } = await begin(t)
    t.match(requests, [
      { url: FEED },
      { url: `${FEED}/stream`, headers: { accept: 'text/event-stream', 'last-event-id': '4' } },
    ])
    await first.write('retry: 2000\n\n: hello\n\nevent: another\ndata: {}\n\n')
    t.equal(revocations.find(token, 'k'), undefined)
    await first.say({ since: 4, seq: 5, ...ended })
    t.equal(revocations.find(token, 'k'), 'sid')
    t.match(revocations.stats(), { by: 'stream', seq: 5, failures: 0 })
  })

  t.test('a stream that ends is taken up where it was, after a question', async (t) => {
    const { revocations, requests, state, tick, timers, stream, first } = await begin(t)
    await first.write('retry: 2000\n\n')
    await first.say({ since: 4, seq: 5 })
    const second = stream()
    state.respond = (url) =>
      url.includes('/stream') ? second.response : json({ since: 5, seq: 6, ...ended })
    await first.end()
    t.same(timers(), [3000], 'not before retry:, and not all at once')
    await tick()
    t.equal(requests.at(-2)?.url, `${FEED}?since=5`)
    t.match(requests.at(-1), { url: `${FEED}/stream`, headers: { 'last-event-id': '6' } })
    t.equal(revocations.find(token, 'k'), 'sid')
  })

  t.test('a silent one is left, and one that is only comments is silent', async (t) => {
    const { requests, timers, tick, first } = await begin(t)
    await first.write('event: revocations\ndata: {\n')
    t.same(timers(), [25_000])
    await first.write(': still here\n')
    await tick()
    t.same(timers(), [1500])
    t.equal(requests.length, 2)
  })

  t.test('each event begins the silence anew', async (t) => {
    const { timers, planned, first } = await begin(t)
    const before = planned()
    await first.say({ since: 4, seq: 5 })
    t.same(timers(), [25_000], 'one at a time')
    t.equal(planned(), before + 1)
  })

  t.test('while there is none it asks, less and less often', async (t) => {
    const { requests, state, tick, timers, first } = await begin(t)
    state.respond = (url) =>
      url.includes('/stream') ? new Response('', { status: 503 }) : json({ since: 4, seq: 4 })
    await first.end()
    const waits: number[] = []
    for (let n = 0; n < 6; n += 1) {
      waits.push(...timers())
      await tick()
    }
    t.same(waits, [1500, 3000, 6000, 12_000, 22_500, 22_500])
    t.equal(requests.filter(({ url }) => url === `${FEED}?since=4`).length, 6)
  })

  t.test('an event that leaves something out is filled up by a question', async (t) => {
    const { revocations, requests, state, first } = await begin(t)
    state.respond = () => json({ since: 4, seq: 9, ...ended })
    await first.say({ since: 7, seq: 9 })
    t.equal(requests.at(-1)?.url, `${FEED}?since=4`)
    t.equal(revocations.find(token, 'k'), 'sid')
    t.equal(revocations.stats().seq, 9)
  })

  t.test('a bad event, or none at all, ends the connection and nothing else', async (t) => {
    for (const bad of [
      'event: revocations\ndata: forged\n\n',
      'event: revocations\ndata: {"seq":7}\n\n',
    ]) {
      const { revocations, timers, first } = await begin(t)
      await first.say({ since: 4, seq: 5, ...ended })
      await first.write(bad)
      t.same(timers(), [1500])
      t.equal(revocations.find(token, 'k'), 'sid')
      t.match(revocations.stats(), { failures: 1, seq: 5 })
    }
    const page = createFeed(t, { by: 'stream' })
    page.state.respond = (url) =>
      url.includes('/stream') ? new Response('<html>') : json({ seq: 4 })
    await page.revocations.ready(undefined)
    await settle()
    t.equal(page.revocations.stats().failures, 1)
  })

  t.test('and while that cannot be had, the news are as old as they were', async (t) => {
    const { revocations, state, timers, advance, now, first } = await begin(t)
    state.respond = () => Promise.reject(new Error('no network'))
    advance(10)
    await first.say({ since: 7, seq: 9, as_of: now() })
    t.match(revocations.stats(), { seq: 4, ageSeconds: 10 })
    t.same(timers(), [1500], 'the stream begins anew')
  })
  t.test('what is no event stream is not read', async (t) => {
    const unfit: [what: string, answer: () => Response, why: RegExp][] = [
      ['an error', () => new Response('', { status: 500 }), /status 500/],
      [
        'a page',
        () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
        /no event stream/,
      ],
      [
        'of another type',
        () => stream({ headers: { 'content-type': 'x/text/event-stream' } }),
        /no event/,
      ],
      ['of no type', () => stream({ headers: {} }), /no event stream but of no type/],
      ['an error as stream', () => stream({ status: 404 }), /status 404/],
      ['without a body', () => new Response(null, { headers: TYPE }), /no event stream/],
    ]
    for (const [what, said, why] of unfit) {
      const feed = createFeed(t, { by: 'stream' })
      feed.state.respond = (url) => (url.includes('/stream') ? said() : json({ seq: 4 }))
      await feed.revocations.ready(undefined)
      await settle()
      t.match(feed.revocations.stats(), { failures: 1, seq: 4 }, what)
      feed.state.respond = () => Promise.reject(new Error('no network'))
      feed.advance(121)
      t.match(feed.reasons(), why, what)
    }
  })

  t.test('a silent stream is told as such', async (t) => {
    const feed = await begin(t)
    feed.state.respond = () => new Promise(() => {})
    await feed.tick()
    feed.advance(121)
    t.match(feed.reasons(), /silent for 25 s/)
  })

  t.test('a stream of an address with a slash at its end', async (t) => {
    const feed = createFeed(t, { by: 'stream', url: 'https://feed.example/a/list/' })
    feed.state.respond = (url) => (url.includes('/stream') ? feed.stream().response : json({}))
    await feed.revocations.ready(undefined)
    await settle()
    t.same(
      feed.requests.map(({ url }) => url),
      ['https://feed.example/a/list/', 'https://feed.example/a/list/stream'],
    )
  })

  t.test('a stream that was good is taken up soon, however often others failed', async (t) => {
    const feed = await begin(t)
    feed.state.respond = (url) =>
      url.includes('/stream') ? new Response('', { status: 503 }) : json({ since: 4, seq: 4 })
    await feed.first.end()
    await feed.tick()
    const good = feed.stream()
    feed.state.respond = (url) =>
      url.includes('/stream') ? good.response : json({ since: 4, seq: 4 })
    await feed.tick()
    await good.say({ since: 4, seq: 5 })
    await good.end()
    t.same(feed.timers(), [1500])
  })

  t.test('a gap that cannot be filled ends the connection', async (t) => {
    const { state, first, timers, revocations } = await begin(t)
    state.respond = () => Promise.reject(new Error('no network'))
    await first.say({ since: 7, seq: 9 })
    t.same(timers(), [1500])
    t.match(revocations.stats(), { seq: 4, failures: 2 })
  })

  t.test('events whose as_of stands still make it stale; then the next token asks', async (t) => {
    const { revocations, requests, state, advance, now, first } = await begin(t)
    for (let n = 0; n < 13; n += 1) {
      advance(10)
      await first.say({ since: 4, seq: 4 })
    }
    t.equal(revocations.stats().stale, true)
    state.respond = () => json({ since: 4, seq: 4, as_of: now() })
    await revocations.ready('closed')
    t.equal(requests.at(-1)?.url, `${FEED}?since=4`)
    t.equal(revocations.stats().stale, false)
  })

  t.test('close ends it', async (t) => {
    const { revocations, requests, timers } = await begin(t)
    revocations.close()
    await settle()
    t.same(timers(), [])
    t.equal(requests.length, 2)
  })
})

t.test('the shape of a list is held to', async (t) => {
  const wrong: [said: Record<string, unknown>, name: RegExp][] = [
    [{ more: 'no' }, /see its more/],
    [{ entries: { length: 0 } }, /see its entries/],
    [{ entries: 'none' }, /see its entries/],
    [{ entries: [null] }, /see its entries/],
    [{ entries: ['sid'] }, /see its entries/],
    [{ entries: [[]] }, /see its entries/],
    [{ as_of: '1' }, /see its as_of/],
    [{ as_of: -1 }, /see its as_of/],
    [{ seq: 0.5 }, /see its seq/],
    [{ since: 2 ** 53 }, /see its since/],
  ]
  for (const [said, name] of wrong) t.throws(() => readAnswer({ ...answer(), ...said }), name)
})

t.test('instants are read of ids of the whole form only', async (t) => {
  const sid = sidAt(NOW)
  t.equal(instantOfSession(sid), NOW)
  for (const other of [`x${sid}`, `${sid}x`, sid.slice(1)])
    t.equal(instantOfSession(other), undefined)
  const jti = jtiAt(NOW)
  t.equal(instantOfToken({ jti, iat: 1 }), NOW)
  for (const other of [`x${jti}`, `${jti}x`, jti.slice(1)]) {
    t.equal(instantOfToken({ jti: other, iat: 1 }), 1000)
  }
})
