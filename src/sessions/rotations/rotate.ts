import { createBatch } from '../../db/batch.ts'
import type { Database } from '../../db/connect.ts'
import { hashRequest, type Presented } from '../rotation.ts'
import type { Session } from '../session.ts'
import { fromRow, SESSION_COLUMNS, type SessionRow } from '../store.ts'
import type { Use } from './store.ts'

/**
 * Several rotations in one statement. Rows that somebody holds are passed over: one session that is
 * being ended or decided keeps up nobody else's, and two of these never wait for each other. Of those
 * who present the same value, one is answered.
 *
 * Sessions are looked up one by one, in a subquery that locks: a join might read the whole table, as
 * the planner cannot know how many there are.
 */
const ROTATE = {
  name: 'sessions.rotate',
  text: `with presented as (
      select * from json_to_recordset($1::json) as presented (place integer, handle_hash bytea,
        generation integer, client_id text, at timestamptz, idle_expires_at timestamptz, address text,
        attempt_hash bytea, request_hash bytea, scope text[], audience text[],
        rotated_before timestamptz, created_since timestamptz)
    ), held as materialized (
      select presented.*, found.id from presented, lateral (
        select id from sessions
        where handle_hash = presented.handle_hash and generation = presented.generation
          and client_id = presented.client_id and ended_at is null
          and idle_expires_at > presented.at and expires_at > presented.at
          and scope @> presented.scope and audience @> presented.audience
          and (presented.rotated_before is null or rotated_at is null
            or rotated_at <= presented.rotated_before)
          and (presented.created_since is null or created_at >= presented.created_since)
        for no key update skip locked
      ) as found
    )
    update sessions set generation = sessions.generation + 1, rotated_at = held.at,
      attempt_hash = held.attempt_hash, request_hash = held.request_hash, last_used_at = held.at,
      idle_expires_at = least(sessions.expires_at, held.idle_expires_at),
      address = coalesce(held.address, sessions.address),
      retries_before = sessions.retries_before + sessions.retries, retries = 0
    from held
    where sessions.id = any (array (select id from held)) and sessions.id = held.id
    returning held.place, ${SESSION_COLUMNS.map((column) => `sessions.${column}`).join(', ')}`,
}

/** A refresh whose value is the current one, as far as its caller knows. */
interface Rotating {
  readonly handleHash: Buffer
  readonly presented: Presented
  readonly use: Use
  /** The last rotation must not have been after it. */
  readonly rotatedBefore: number | undefined
}

/**
 * The rotation: one statement for all that come at once, one round trip, no transaction. Returns the
 * session; undefined when the value was not the current one, or the row was held, and leaves it to
 * `findByHandle` and `decide` to say which. Throws DatabaseUnavailable.
 */
export type Rotate = (rotating: Rotating) => Promise<Session | undefined>

export function createRotate(database: Database): Rotate {
  const rotate = createBatch(async (all: readonly Rotating[]) => {
    const presented = JSON.stringify(all.map(toPresented))
    const rows = await database.run<SessionRow & { place: number }>(ROTATE, [presented])
    const rotated = new Map(rows.map((row) => [row.place, row]))
    return all.map((_, place) => rotated.get(place))
  })
  return async (rotating) => {
    const row = await rotate(rotating)
    return row && fromRow(row).session
  }
}

function toPresented({ handleHash, presented, use, rotatedBefore }: Rotating, place: number) {
  const { attemptHash, scope, resources, cutOff } = presented
  return {
    place,
    handle_hash: toText(handleHash),
    generation: presented.generation,
    client_id: presented.clientId,
    at: new Date(use.at),
    idle_expires_at: new Date(use.idleExpiresAt),
    address: use.address,
    attempt_hash: toText(attemptHash),
    request_hash: toText(hashRequest(scope, resources)),
    scope,
    audience: resources,
    rotated_before: rotatedBefore === undefined ? undefined : new Date(rotatedBefore),
    created_since: cutOff === undefined ? undefined : new Date(cutOff.notBefore),
  }
}

/** As Postgres reads bytes from text. */
function toText(bytes: Buffer | undefined): string | undefined {
  return bytes && `\\x${bytes.toString('hex')}`
}
