import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import { describeRefreshToken, type RefreshTokens } from '../sessions/refresh-token.ts'
import { findByHandle } from '../sessions/store.ts'
import { examineSession, type Finding, finding, skipped } from './finding.ts'

/** Examines a refresh token one thing after the other, using nothing up. Throws DatabaseUnavailable. */
export type ExamineRefreshToken = (value: string) => Promise<Finding[]>

export function createExamineRefreshToken(options: {
  db: Executor
  clock: Clock
  refreshTokens: RefreshTokens
}): ExamineRefreshToken {
  const { db, clock, refreshTokens } = options
  return async (value) => {
    const described = describeRefreshToken(value)
    const form = finding(
      'form',
      described !== undefined,
      'a refresh token of this version with a right checksum',
      described === undefined ? 'cut off, mistyped or of another kind' : 'whole',
    )
    if (described === undefined) return [form]
    const token = refreshTokens.parse(value)
    const under = `master key ${described.masterKeyId}`
    const signature = finding(
      'signature',
      token !== undefined,
      'made under a master key of this service',
      token === undefined ? `not made under our ${under}` : `made under ${under}`,
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
