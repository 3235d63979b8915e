import { SESSION_COLUMNS } from '../../../src/sessions/store.ts'

/**
 * The rotation of one session as a script of pgbench: what the service does to a row and what it gets
 * back, one statement for one row. What pgbench cannot know is written differently: the handle's hash
 * is computed from the number of the session, and any generation will do.
 * @param first the number of the first session that is there for pgbench; `count` of them
 */
export function rotationScript(first: number, count: number, clientId: string): string {
  const at = new Date()
  const now = `'${at.toISOString()}'::timestamptz`
  const idle = `'${new Date(at.getTime() + 14 * 86_400_000).toISOString()}'::timestamptz`
  return [
    `\\set i random(${first}, ${first + count - 1})`,
    `update sessions
    set generation = generation + 1, rotated_at = ${now}, attempt_hash = null, last_used_at = ${now},
      idle_expires_at = least(expires_at, ${idle}), address = coalesce('127.0.0.1', address),
      request_hash = null, retries_before = retries_before + retries, retries = 0
    where handle_hash = sha256(decode(md5((:i)::text), 'hex')) and generation >= 0
      and client_id = '${clientId}' and ended_at is null
      and idle_expires_at > ${now} and expires_at > ${now}
      and scope @> '{}'::text[] and audience @> '{}'::text[]
    returning ${SESSION_COLUMNS.join(', ')};`,
  ].join('\n')
}
