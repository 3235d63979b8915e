import { createRecordEvents, createToEventRow } from '../../../src/audit/store.ts'
import { sha256 } from '../../../src/base/hash.ts'
import type { Random } from '../../../src/base/random.ts'
import type { Database } from '../../../src/db/connect.ts'
import { createEndSessions } from '../../../src/sessions/end.ts'
import { createFindSessions } from '../../../src/sessions/find.ts'
import type { RefreshTokens } from '../../../src/sessions/refresh-token.ts'
import { createRotateRefreshToken } from '../../../src/sessions/rotate.ts'
import { noSessionLog } from '../../../src/sessions/session-log.ts'
import type { StoppedClock } from '../clock.ts'
import { type Call, GRANTED, type Policy } from './table.ts'

/** What all instances of the service have in common, and the pools that each has of its own. */
export interface World {
  readonly databases: readonly [Database, Database]
  readonly random: Random
  readonly refreshTokens: RefreshTokens
}

export const OWN_CLIENT = 'web'

/** One instance of the service, as far as sessions go; made anew, it is a process after a crash. */
export function createReplica(
  { databases, random, refreshTokens }: World,
  which: 0 | 1,
  { clock, policy, cookie, idleTtl }: Settings,
) {
  const database = databases[which]
  const toEventRow = createToEventRow({ clock, random })
  const recordEvents = createRecordEvents(toEventRow)
  const sessionLog = noSessionLog
  const options = { database, clock, random, refreshTokens, recordEvents, sessionLog }
  const rotate = createRotateRefreshToken({
    ...options,
    ...createFindSessions(database),
    toEventRow,
  })
  return {
    endSessions: createEndSessions(options),
    /** The outcome in the words of the model, and the value handed out, if any. */
    async refresh(refreshToken: string, call: Omit<Call, 'presented'>) {
      const token = refreshTokens.parse(refreshToken)
      if (token === undefined) return { outcome: 'unknown', value: undefined }
      const asked = rotate({
        token,
        clientId: call.client === 'own' ? OWN_CLIENT : 'other',
        cutOff: undefined,
        policy: {
          retryWindowSeconds: policy.retryWindow / 1000,
          recoveryWindowSeconds: policy.recoveryWindow / 1000,
          recovery: policy.recovery,
          acceptAhead: policy.acceptAhead,
        },
        attemptHash: call.key === undefined ? undefined : sha256(call.key),
        isShared: cookie,
        mayRotate: true,
        scope: call.scope,
        resources: call.resources,
        idleTtlSeconds: idleTtl / 1000,
        origin: { requestId: undefined, address: call.address, userAgent: undefined },
      })
      const rotation = await asked.catch((error: unknown) => ({ outcome: `threw ${error}` }))
      const words: string[] = [rotation.outcome]
      if ('reason' in rotation) words.push(rotation.reason)
      if ('end' in rotation) words.push(rotation.end)
      const value = 'refreshToken' in rotation ? rotation.refreshToken : undefined
      const generation = value && refreshTokens.parse(value)?.generation
      return { outcome: [...words, generation ?? []].flat().join(' '), value }
    },
  }
}

export type Replica = ReturnType<typeof createReplica>

export interface Settings {
  readonly clock: StoppedClock
  readonly policy: Policy
  readonly cookie: boolean
  readonly idleTtl: number
}

/** What was granted to the sessions of the model, as a session has it. */
export const granted = { scope: [...GRANTED.scope], audience: [...GRANTED.audience] }
