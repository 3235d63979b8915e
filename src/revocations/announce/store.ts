import { sql } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import { type Random, uuidV7 } from '../../base/random.ts'
import {
  CLOCK_SKEW_SECONDS,
  REPLICA_LAG_SECONDS,
  REVOKED_KEY_SECONDS,
} from '../../config/key-timing.ts'
import type { Executor } from '../../db/connect.ts'

/** What is revoked, by its value of the claim or header that names it. */
export interface Revoked {
  readonly kind: 'sid' | 'jti' | 'sub' | 'client_id' | 'kid'
  readonly subject: string
}

/** So many in a millisecond keep their order. */
const ORDERED = 4096

/**
 * Has verifiers learn what is revoked: to be called in the transaction of the fact, and after it has
 * been written, as the cut-off and the token's end are read from there. An entry lives for as long as
 * verifiers may accept a token that it concerns: the token's own life, else the longest that any key may
 * have signed, for a replica that has not noticed yet signs for a moment. That of a key lives for as long
 * as anybody may hold the key.
 */
export type AnnounceRevocations = (tx: Executor, revoked: readonly Revoked[]) => Promise<void>

/**
 * @param options.onAnnounced is told that there will be something to read, once this is committed;
 *   undefined in a command, which reads nothing
 */
export function createAnnounceRevocations(options: {
  clock: Clock
  random: Random
  onAnnounced?: () => void
}): AnnounceRevocations {
  const { clock, random, onAnnounced } = options
  return async (tx, revoked) => {
    if (revoked.length === 0) return
    const now = clock.now()
    const ids = revoked.map((_, place) => uuidV7(now, random, place % ORDERED))
    const kinds = revoked.map(({ kind }) => kind)
    const subjects = revoked.map(({ subject }) => subject)
    // The lives of keys are raised within seconds of a client's; until then the client's own counts.
    await sql`
      insert into revocations (id, kind, subject, before, issued_before, made_at, expires_at)
      select told.id, told.kind, told.subject, cut_offs.not_before,
        case told.kind when 'client_id' then least(cut_offs.not_before, cut_offs.made_at) end,
        ${new Date(now)}::timestamptz,
        coalesce(
          revoked_tokens.expires_at,
          ${new Date(now)}::timestamptz
            + interval '1 second' * case told.kind
              when 'kid' then ${REVOKED_KEY_SECONDS}::integer
              else lives.longest + ${REPLICA_LAG_SECONDS}::integer
            end
        ) + interval '1 second' * ${CLOCK_SKEW_SECONDS}::integer
      from unnest(${ids}::uuid[], ${kinds}::text[], ${subjects}::text[]) as told (id, kind, subject)
      left join cut_offs on cut_offs.id = told.subject
        and cut_offs.kind = case told.kind when 'sub' then 'user' when 'client_id' then 'client' end
      left join revoked_tokens on told.kind = 'jti' and revoked_tokens.jti = told.subject
      cross join (
        select greatest(
          0,
          (select max(token_ttl_seconds) from signing_keys where state not in ('retired', 'revoked')),
          (select max(access_token_ttl_seconds) from clients)
        ) as longest
      ) as lives`.execute(tx)
    onAnnounced?.()
  }
}
