import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { claimsOf, readEvents, summary } from './answer.ts'
import { addCookieClient, cookieName, cookieOf, logInWithCookie, OWN_PAGE } from './cookies.ts'
import { query } from './database.ts'
import type { Figures } from './drills.ts'
import { createTestService, ISSUER, type Tokens } from './service.ts'

export type Party = 'victim' | 'thief'

/** A use of the chain: by whom, so many seconds after the use before. */
export type Use = readonly [who: Party, afterSeconds: number]

/** How a refresh token is stolen and used, and when that must have been found. */
export interface Theft {
  readonly what: string
  readonly env?: Record<string, string>
  /** The token is in the browser's cookie, which is what was stolen. */
  readonly cookie?: boolean
  /** Who sends Idempotency-Keys, each its own; `derived`: both do, made from the token. */
  readonly keys?: readonly Party[] | 'derived'
  /** What the victim does before; the thief has the value from before its last use, or the current one. */
  readonly before?: number
  readonly steals?: 'the current token' | 'the predecessor' | 'the first token'
  readonly uses: readonly Use[]
  /** The use, counted from 1, that ends the session at the latest; undefined: none of them does. */
  readonly foundBy: number | undefined
}

const ADDRESSES = { victim: '192.0.2.10', thief: '198.51.100.66' }
const REUSED = '400 invalid_grant refresh_reused'

/**
 * Plays a theft over HTTP until a use ends the session, from another address and once more from the
 * victim's own: an address decides nothing. Accepts no later end than `foundBy`, and that nothing of
 * the session is good after it.
 */
export async function playTheft(t: Test, theft: Theft): Promise<Figures> {
  const figures = await playFrom(t, theft, ADDRESSES)
  const same = await playFrom(t, theft, { ...ADDRESSES, thief: ADDRESSES.victim })
  t.strictSame(same, figures, 'from the same address it is no other')
  return figures
}

async function playFrom(t: Test, theft: Theft, addresses: typeof ADDRESSES): Promise<Figures> {
  const { before = 0, steals = 'the current token', uses, foundBy } = theft
  const chain = await startChain(t, theft, addresses)
  const { service } = chain
  const values = [chain.first]
  for (let n = 0; n < before; n += 1) {
    const { value } = await chain.use('victim', values[n] as string)
    values.push(value as string)
  }
  const stolen = {
    'the current token': before,
    'the predecessor': before - 1,
    'the first token': 0,
  }
  const holds = { victim: values[before] as string, thief: values[stolen[steals]] as string }
  const counts = { tokens: 0, recovered: 0 }
  const told: string[] = []
  let foundAt: number | undefined
  for (const [index, [who, afterSeconds]] of uses.entries()) {
    service.clock.advance(afterSeconds)
    const { outcome, value } = await chain.use(who, holds[who])
    told.push(`${who}: ${outcome}`)
    if (outcome === 'recovered') counts.recovered += 1
    if (who === 'thief' && value !== undefined) counts.tokens += 1
    holds[who] = value ?? holds[who]
    if (outcome === REUSED) foundAt = index + 1
    if (foundAt !== undefined) break
  }
  t.comment(told.join(', '))
  if (foundBy === undefined) t.equal(foundAt, undefined, 'no server can find it')
  else t.ok(foundAt !== undefined && foundAt <= foundBy, `found by use ${foundBy} at the latest`)
  if (foundAt === undefined) return { found: 'not at all', uses: uses.length }
  const by = (uses[foundAt - 1] as Use)[0]
  await acceptEnd(t, chain, by, holds, addresses)
  return {
    'found at use': foundAt,
    by: `the ${by}'s`,
    'answers the thief had': counts.tokens,
    'recoveries spent': counts.recovered,
  }
}

type Chain = Awaited<ReturnType<typeof startChain>>

/** The session of a victim, and how either party uses a value of it. */
async function startChain(t: Test, { env = {}, cookie, keys = [] }: Theft, from: typeof ADDRESSES) {
  const service = await createTestService(t, { env })
  const client = cookie ? await addCookieClient(service) : await service.addClient()
  const started = cookie ? await logInWithCookie(service, client) : await service.logIn(client)
  const sid = claimsOf(started.tokens.access_token).sid as string
  const keyOf = (who: Party, value: string): Record<string, string> => {
    const key = `key-${value.slice(-20)}`
    if (keys === 'derived') return { 'idempotency-key': key }
    return keys.includes(who) ? { 'idempotency-key': `${key}-of-${who}` } : {}
  }
  const headersOf = (who: Party, value: string): Record<string, string> => ({
    ...keyOf(who, value),
    ...(cookie ? { ...OWN_PAGE, host: new URL(ISSUER).host } : {}),
    ...(cookie ? { cookie: `${cookieName(client)}=${value}` } : {}),
    ...(cookie ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
  })
  const form = (value: string) => ({
    ...{ grant_type: 'refresh_token', refresh_token: value, client_id: client.clientId },
  })
  return {
    service,
    sid,
    first: 'cookie' in started ? started.cookie.value : started.tokens.refresh_token,
    async use(who: Party, value: string) {
      const answer: LightMyRequestResponse = await service.inject({
        method: 'POST',
        url: cookie ? '/refresh' : '/token',
        headers: headersOf(who, value),
        remoteAddress: from[who],
        ...(cookie ? {} : { payload: new URLSearchParams(form(value)).toString() }),
      })
      const outcomeOfError = summary(answer)
      if (outcomeOfError.startsWith('400 invalid_grant')) {
        return { outcome: outcomeOfError, value: undefined }
      }
      if (answer.statusCode !== 200) throw new Error(answer.body)
      const outcome = String(answer.headers['refresh-outcome'])
      const next = cookie ? cookieOf(answer)?.value : answer.json<Tokens>().refresh_token
      return { outcome, value: next }
    },
  }
}

/** Both are out, and the event tells which two addresses used the chain. */
async function acceptEnd(
  t: Test,
  { service, sid, use }: Chain,
  by: Party,
  holds: Record<Party, string>,
  addresses: typeof ADDRESSES,
) {
  for (const who of ['victim', 'thief'] as const) {
    t.equal((await use(who, holds[who])).outcome, REUSED, `the ${who} is out`)
  }
  const [row] = await query(service.databaseUrl, 'select end_reason from sessions where id = $1', [
    sid,
  ])
  t.equal(row?.end_reason, 'refresh_reused')
  const events = await readEvents(service, 'refresh.reused')
  t.equal(events.length, 1)
  const [event] = await query(
    service.databaseUrl,
    "select address, detail ->> 'lastAddress' as before from events where type = 'refresh.reused'",
  )
  t.equal(event?.address, addresses[by])
  t.ok(Object.values(addresses).includes(String(event?.before)), 'and who was there before')
}
