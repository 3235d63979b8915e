import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import type { MasterKeys } from '../keys/master-keys.ts'
import { describeRefreshToken, type RefreshTokens } from '../sessions/refresh-token.ts'
import { findByHandle } from '../sessions/store.ts'
import { examineSession, type Finding, finding, skipped } from './finding.ts'

/** Examines a refresh token one thing after the other, using nothing up. Throws DatabaseUnavailable. */
export type ExamineRefreshToken = (value: string) => Promise<Finding[]>

export function createExamineRefreshToken(options: {
  db: Executor
  clock: Clock
  masterKeys: MasterKeys
  refreshTokens: RefreshTokens
}): ExamineRefreshToken {
  const { db, clock, masterKeys, refreshTokens } = options
  return async (value) => {
    const described = describeRefreshToken(value)
    const form = finding(
      'form',
      described !== undefined,
      'a refresh token of this version with a right checksum',
      described === undefined ? 'cut off, mistyped or of another kind' : 'whole',
    )
    if (described === undefined) return [form]
    const id = described.masterKeyId
    const standing = standingOf(id, masterKeys)
    // Of a key that is missing nothing can be decided, and parse throws.
    const token = standing === 'missing' ? undefined : refreshTokens.parse(value)
    const signature = finding(
      'signature',
      token !== undefined,
      'made under a master key of this service',
      token === undefined ? REFUSED[standing](id) : `made under master key ${id}`,
    )
    const wanted = 'the current one of its session'
    const found = token && (await findByHandle(db, token.handleHash))
    if (token === undefined || found === undefined) {
      const why = 'no session to compare with'
      const session =
        token === undefined
          ? skipped('session', 'alive', 'not asked: the token is not one of ours')
          : examineSession(undefined, clock.now())
      return [form, signature, skipped('generation', wanted, why), session]
    }
    const { generation } = found.state
    const actual = `${token.generation}, the session is at ${generation}`
    return [
      form,
      signature,
      finding('generation', token.generation === generation, wanted, actual),
      examineSession(found.session, clock.now()),
    ]
  }
}

type Standing = 'held' | 'retired' | 'missing'

function standingOf(id: number, masterKeys: MasterKeys): Standing {
  if (masterKeys.isRetired(id)) return 'retired'
  return masterKeys.derive(id, 'refresh-token') === undefined ? 'missing' : 'held'
}

/** Why a value has no right signature, by how its master key stands. */
const REFUSED: Record<Standing, (id: number) => string> = {
  held: (id) => `not made under our master key ${id}`,
  retired: (id) => `it names master key ${id}, which is retired: nothing made under it is good`,
  missing: (id) =>
    `it names master key ${id}, of which MASTER_KEYS says nothing: the service answers master_key_missing`,
}
