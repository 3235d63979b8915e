import { toWireSession } from '../http/wire/session.ts'
import { formatScope } from '../oauth/scope.ts'
import { deviceLabel } from '../sessions/devices/label.ts'
import type { Session } from '../sessions/session.ts'
import { listAlive } from '../sessions/store.ts'
import { findUsernames } from '../users/store.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { count, table } from './table.ts'
import { when } from './times.ts'
import { whose } from './whose.ts'

/** The sessions that are alive, as far as they were asked for. */
export function listSessions(options: {
  user?: string
  sub?: string
  client?: string
  limit: number
}): Promise<Answer> {
  return withDeployment([], async ({ database: { kysely }, clock }) => {
    const now = clock.now()
    const sub = await whose(kysely, options, now)
    const { client: clientId, limit } = options
    // One more than is shown tells whether there are more.
    const found = await listAlive(kysely, { sub, clientId, limit: limit + 1 }, now)
    const sessions = found.slice(0, limit)
    const names = await findUsernames(kysely, [...new Set(sessions.map((one) => one.sub))])
    const more = found.length > limit
    return {
      json: { sessions: sessions.map((one) => toJson(one, names.get(one.sub))), more },
      text: table(
        ['sid', 'user', 'client', 'started', 'last used', 'address', 'device'],
        sessions.map((one) => toRow(one, names.get(one.sub))),
        'No live sessions.',
      ),
      notes: more ? [`The last used ${count(limit, 'session')}; there are more: --limit`] : [],
    }
  })
}

function toJson(session: Session, username: string | undefined) {
  const { current, id, ...rest } = toWireSession(session, undefined)
  return {
    sid: id,
    sub: session.sub,
    username: username ?? null,
    ...rest,
    scope: formatScope(session.scope),
    audience: session.audience,
  }
}

function toRow(session: Session, username: string | undefined): string[] {
  const device = deviceLabel(session.device)
  return [
    session.sid,
    username ?? session.sub,
    session.clientId,
    when(session.createdAt),
    when(session.lastUsedAt),
    session.device.address ?? '',
    device.length > 40 ? `${device.slice(0, 39)}…` : device,
  ]
}
