import { createHash } from 'node:crypto'
import { createMasterKeys } from '../../../src/keys/master-keys.ts'
import { createRefreshTokens } from '../../../src/sessions/refresh-token.ts'
import { withoutIndexes } from '../../database/bulk.ts'
import { query } from '../../database/query.ts'
import { AUDIENCE, CLIENT } from './accounts.ts'
import type { Deployment } from './deployment.ts'

/** Sessions by their numbers: `count` of them, from `first` on. */
export interface Range {
  readonly first: number
  readonly count: number
}

/** So many are added by one statement. */
const PORTION = 250_000

/**
 * Adds sessions straight to the table, as a login leaves them. The handle of number i is the MD5 of
 * its digits, so that tokens can be computed without having been issued.
 */
export async function seedSessions(databaseUrl: string, range: Range): Promise<void> {
  if (range.count <= PORTION) return seedPortion(databaseUrl, range)
  const { first, count } = range
  await withoutIndexes(databaseUrl, 'sessions', async () => {
    for (let done = 0; done < count; done += PORTION) {
      const portion = { first: first + done, count: Math.min(PORTION, count - done) }
      await seedPortion(databaseUrl, portion)
    }
  })
}

async function seedPortion(databaseUrl: string, { first, count }: Range): Promise<void> {
  await query(
    databaseUrl,
    `insert into sessions (id, handle_hash, generation, recoveries, client_id, sub, scope, audience,
      roles, claims, auth_time, amr, user_agent, address, created_at, last_used_at, idle_expires_at,
      expires_at)
    select
      -- As the service makes them, version 7 and one after the other.
      (lpad(to_hex($3::bigint + i), 12, '0') || '7' || right(md5('a' || i), 3)
        || '8' || right(md5('b' || i), 15))::uuid,
      sha256(decode(md5(i::text), 'hex')), 0, 0, $4, md5('sub' || i)::uuid::text,
      '{orders:read,orders:write}', array[$5], '{customer}', '{}',
      at, '{pwd}',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      '127.0.0.1', at, at, at + interval '14 days', at + interval '90 days'
    from generate_series($1::bigint, $2::bigint) i, to_timestamp($3::bigint / 1000.0) at`,
    [first, first + count - 1, Date.now() - 3_600_000, CLIENT, AUDIENCE],
  )
}

/** What a server has done by itself some time after so many rows have come. */
export async function settleTable(databaseUrl: string): Promise<void> {
  await query(databaseUrl, 'vacuum (analyze) sessions')
  await query(databaseUrl, 'checkpoint')
}

/** The first refresh token of the session of each number. */
export function firstTokens({ masterKey }: Deployment, numbers: readonly number[]): string[] {
  const masterKeys = createMasterKeys([{ id: 1, key: masterKey }])
  let handle = Buffer.alloc(0)
  const refreshTokens = createRefreshTokens({ masterKeys, random: { bytes: () => handle } })
  return numbers.map((number) => {
    handle = createHash('md5').update(String(number)).digest()
    return refreshTokens.draw().value
  })
}

/** The numbers of a range; `most` of them, spread evenly, where it has more. */
export function numbersOf({ first, count }: Range, most = count): number[] {
  const step = count / Math.min(count, most)
  return Array.from(
    { length: Math.min(count, most) },
    (_, index) => first + Math.floor(index * step),
  )
}

/**
 * Puts sessions where a refresh at `at` has left them, so that their first token is the predecessor
 * of the current one.
 */
export async function rotateOnce(databaseUrl: string, range: Range, at: Date): Promise<void> {
  const { first, count } = range
  await query(
    databaseUrl,
    `update sessions set generation = 1, rotated_at = $3, last_used_at = $3, retries = 0
    where handle_hash in (
      select sha256(decode(md5(i::text), 'hex')) from generate_series($1::bigint, $2::bigint) i)`,
    [first, first + count - 1, at],
  )
}
