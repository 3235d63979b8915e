import type { Executor } from '../db/connect.ts'
import { lockUser } from '../users/store.ts'
import { listAlive } from './store.ts'

/**
 * Whether that text is the `sub` of a user or of a session that is alive at `now`. A client's tokens
 * for itself carry its client_id as `sub` (RFC 9068 §2.2), so such a text must not become a
 * client_id.
 */
export async function isSubject(tx: Executor, text: string, now: number): Promise<boolean> {
  if ((await lockUser(tx, text)) !== undefined) return true
  return (await listAlive(tx, { sub: text, limit: 1 }, now)).length > 0
}
