import type { Executor } from '../db/connect.ts'
import type { CutOff, CutOffSubject } from '../revocations/cut-off.ts'
import { findClientCutOffs } from '../revocations/read/store.ts'
import { findCutOff } from '../revocations/store.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionEnd } from './session-end.ts'

interface Told {
  readonly session: Session
  readonly end: SessionEnd | undefined
}

/**
 * Says of those sessions of one user that were cut off whether it was the user or their client that
 * was. Throws DatabaseUnavailable.
 */
export async function withCutOffKind<T extends Told>(
  db: Executor,
  sessions: readonly T[],
): Promise<T[]> {
  const cut = sessions.filter(({ end }) => end?.reason === 'cut_off')
  const [first] = cut
  if (first === undefined) return [...sessions]
  const clientIds = [...new Set(cut.map(({ session }) => session.clientId))]
  const [ofUser, ofClients] = await Promise.all([
    findCutOff(db, { kind: 'user', id: first.session.sub }),
    findClientCutOffs(db, clientIds),
  ])
  return sessions.map((one) => {
    const { session, end } = one
    if (end?.reason !== 'cut_off') return one
    return {
      ...one,
      end: { ...end, cutOffOf: kindOf(end, ofUser, ofClients.get(session.clientId)) },
    }
  })
}

/**
 * A user's cut-off ends its sessions at its own instant; a client's marks them then or later. One
 * that was made anew since does not tell of the one before: then it may be that nobody knows.
 */
function kindOf(
  { at }: SessionEnd,
  ofUser: CutOff | undefined,
  ofClient: CutOff | undefined,
): CutOffSubject['kind'] | undefined {
  if (ofUser?.madeAt === at) return 'user'
  if (ofClient !== undefined && ofClient.madeAt <= at) return 'client'
  if (ofUser === undefined) return ofClient && 'client'
  return ofClient === undefined ? 'user' : undefined
}
