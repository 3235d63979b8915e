import { createRevocationList } from '../../src/verifier/revocations/list.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { AUDIENCE, createIssuer, endOf, ISSUER, sessionOf } from './issuer.ts'

// node --expose-gc bench/feed/run.ts
const START = Date.now()
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const median = (figures: number[]) =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] as number
const tokenBytes = (await (await createIssuer()).token(sessionOf(START), START)).length

await steady()
await burst()
await lookUps()

/** 1 M sessions of which 1 % end in an hour, evenly: what goes over the wire, without headers of HTTP. */
async function steady() {
  const { entries, answer } = await createIssuer()
  const [lead, hour, apart] = [670, 3600, 3600 / 10_000]
  let ended = 0
  let [polled, told] = [0, 0]
  let [byPoll, byStream, polls, events, largestPoll] = [0, 0, 0, 0, 0]
  let first = 0
  for (let second = 1; second <= lead + hour; second += 1) {
    const now = START + second * 1000
    const news = []
    for (; (ended + 1) * apart <= second; ended += 1) {
      news.push(endOf(START + second * 1000 + news.length, now))
    }
    entries.add(news, news.at(-1)?.seq ?? entries.seq)
    entries.forget(now)
    // From when on as many entries are over as come.
    if (second === lead) {
      first = (await answer(0, now)).body.length
      polled = told = entries.seq
    }
    if (second <= lead) continue
    if (second % 30 === 0) {
      const said = await answer(polled, now)
      polled = said.seq
      byPoll += said.body.length
      largestPoll = Math.max(largestPoll, said.body.length)
      polls += 1
    }
    if (entries.seq !== told || second % 10 === 0) {
      const said = await answer(told, now)
      told = said.seq
      byStream += `event: revocations\nid: ${said.seq}\ndata: ${said.body}\n\n`.length
      events += 1
    }
  }
  const alive = entries.page(0).entries.length
  const rows = [
    { what: 'the whole list', bytes: first },
    { what: 'one poll, on average', bytes: byPoll / polls },
    { what: 'one poll, at most', bytes: largestPoll },
    { what: 'one event of the stream, on average', bytes: byStream / events },
    { what: 'a day of polls every 30 s', bytes: byPoll * 24 },
    { what: 'a day of the stream', bytes: byStream * 24 },
  ]
  console.log(`\n10,000 of 1 M sessions end in an hour: ${alive} entries are alive`)
  console.table(
    rows.map(({ what, bytes }) => ({
      what,
      bytes: bytes > 1e6 ? megabytes(bytes) : kilobytes(bytes),
      [`times a token (${tokenBytes} bytes)`]: (bytes / tokenBytes).toFixed(1),
    })),
  )
}

/** 10,000 sessions end at once: how a verifier takes them in, signatures and all. */
async function burst() {
  const { jwk, entries, answer } = await createIssuer()
  const news = Array.from({ length: 10_000 }, (_, index) => endOf(START + index, START))
  entries.add(news, START + news.length - 1)
  const pages: string[] = []
  for (let since = 0, more = true; more; ) {
    const said = await answer(since, START)
    pages.push(said.body)
    ;({ seq: since, more } = said)
  }
  const times: number[] = []
  const sizes: number[] = []
  for (let round = 0; round < 15; round += 1) {
    let asked = 0
    const verifier = createVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      jwks: { keys: [jwk] },
      jwksUri: `${ISSUER}/keys`,
      revocation: 'poll',
      fetch: async (url) =>
        String(url).endsWith('/keys')
          ? Response.json({ keys: [jwk] })
          : new Response(pages[asked++]),
    })
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const start = performance.now()
    await verifier.ready()
    times.push(performance.now() - start)
    globalThis.gc?.()
    sizes.push(process.memoryUsage().heapUsed - before)
    if (verifier.stats().revocations.entries !== 10_000) throw new Error('entries are missing')
    verifier.close()
  }
  const bytes = pages.reduce((sum, page) => sum + page.length, 0)
  const heap = median(sizes)
  console.log('\n10,000 sessions end at once')
  console.table([
    { what: 'answers', figure: pages.length, 'an entry': '' },
    { what: 'bytes', figure: kilobytes(bytes), 'an entry': `${(bytes / 10_000).toFixed(1)} bytes` },
    {
      what: 'until a verifier has them',
      figure: `${median(times).toFixed(1)} ms`,
      'an entry': `${(median(times) / 10).toFixed(1)} µs`,
    },
    {
      what: 'its memory, beyond that of before',
      figure: globalThis.gc ? megabytes(heap) : 'say --expose-gc',
      'an entry': globalThis.gc ? `${Math.round(heap / 10_000)} bytes` : '',
    },
  ])
}

/** What a look-up costs, by the length of the list, beside a token that is verified from the cache. */
async function lookUps() {
  const fromCache = await timeFromCache()
  const rows = []
  for (const count of [0, 1_861, 10_000, 100_000]) {
    const list = createRevocationList(30)
    const sids = Array.from({ length: Math.max(count, 1) }, () => sessionOf(START))
    const exp = START / 1000 + 670
    if (count > 0) list.add(sids.map((name) => ({ kind: 'sid', name, exp })))
    const claims = (sid: string) => ({
      iss: ISSUER,
      sub: '0198c7a0-2f5e-7c1a-9d3b-6b1f8a4e2c70',
      aud: AUDIENCE,
      exp,
      iat: exp - 600,
      jti: 'AZqhwI9aJ1q3m0o5mT2r8wKkY1xV9Q',
      client_id: 'web',
      sid,
    })
    const time = (tokens: ReturnType<typeof claims>[], isFound: boolean) => {
      const start = performance.now()
      for (let index = 0; index < 500_000; index += 1) {
        const found = list.find(tokens[index % tokens.length] as ReturnType<typeof claims>, 'k')
        if ((found !== undefined) !== isFound) throw new Error('found what is not there, or not')
      }
      return ((performance.now() - start) * 1e6) / 500_000
    }
    const hits = sids.slice(0, 1_000).map(claims)
    const misses = Array.from({ length: 1_000 }, () => claims(sessionOf(START)))
    const medianOf = (tokens: typeof hits, isFound: boolean) =>
      median([1, 2, 3, 4, 5, 6, 7].map(() => time(tokens, isFound)))
    const miss = medianOf(misses, false)
    rows.push({
      entries: count,
      'miss, ns': miss.toFixed(0),
      'hit, ns': count === 0 ? '' : medianOf(hits, true).toFixed(0),
      'miss / verify from the cache': (miss / fromCache).toFixed(3),
    })
  }
  console.log(`\nA look-up, beside a verify from the cache (${(fromCache / 1000).toFixed(1)} µs)`)
  console.table(rows)
}

async function timeFromCache(): Promise<number> {
  const { jwk, token } = await createIssuer()
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    tokenCache: 2_000,
    fetch: async () => Response.json({ keys: [jwk] }),
  })
  const tokens = await Promise.all(
    Array.from({ length: 1_000 }, () => token(sessionOf(START), START)),
  )
  const rounds: number[] = []
  for (let round = 0; round < 30; round += 1) {
    const start = performance.now()
    for (const one of tokens) await verifier.verify(one)
    rounds.push(((performance.now() - start) * 1e6) / tokens.length)
  }
  verifier.close()
  return median(rounds)
}
