import type { Executor } from '../db/connect.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { AccessTokenType } from '../oauth/access-token-type.ts'

/** An audience whose tokens are special; undefined is what is not. */
export interface AudienceRule {
  readonly audience: string
  /** The algorithm that they are signed by. */
  readonly signingAlg: Algorithm | undefined
  /** What their header says that they are. */
  readonly typ: AccessTokenType | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** All audiences that have a rule, by name. */
export async function listAudiences(db: Executor): Promise<AudienceRule[]> {
  const rows = await db.selectFrom('audiences').selectAll().orderBy('audience').execute()
  return rows.map(fromRow)
}

/** What of a rule is given; what is left out stays. */
export type AudienceChange = Partial<Pick<AudienceRule, 'signingAlg' | 'typ'>>

/** Changes the rule of an audience, whether it had one or not. Returns the whole rule. */
export async function putAudience(
  tx: Executor,
  audience: string,
  change: AudienceChange,
  at: number,
): Promise<AudienceRule> {
  const given = {
    ...(change.signingAlg !== undefined && { signing_alg: change.signingAlg }),
    ...(change.typ !== undefined && { typ: change.typ }),
  }
  const row = await tx
    .insertInto('audiences')
    .values({ audience, created_at: new Date(at), ...given })
    // Something is set in any case, or the row that is there would not be returned.
    .onConflict((conflict) => conflict.column('audience').doUpdateSet({ audience, ...given }))
    .returningAll()
    .executeTakeFirstOrThrow()
  return fromRow(row)
}

/** Makes an audience an ordinary one again. Returns whether it had a rule. */
export async function removeAudience(tx: Executor, audience: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('audiences')
    .where('audience', '=', audience)
    .executeTakeFirst()
  return result.numDeletedRows === 1n
}

interface Row {
  audience: string
  signing_alg: string | null
  typ: string | null
  created_at: Date
}

function fromRow(row: Row): AudienceRule {
  return {
    audience: row.audience,
    signingAlg: (row.signing_alg ?? undefined) as Algorithm | undefined,
    typ: (row.typ ?? undefined) as AccessTokenType | undefined,
    createdAt: row.created_at.getTime(),
  }
}
