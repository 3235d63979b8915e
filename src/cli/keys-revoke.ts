import { composeKeyOperations } from '../compose.ts'
import type { Executor } from '../db/connect.ts'
import { listVerifiers } from '../keys/fetches/store.ts'
import { type FamilyKnows, knownTo } from '../keys/operations/known-to.ts'
import type { Revocation } from '../keys/operations/revoke.ts'
import type { KeySettings } from '../keys/operations/schedule.ts'
import type { Answer } from './answer.ts'
import { KEY_SETTINGS, withDeployment } from './deployment.ts'
import { EXIT } from './failure.ts'
import { isoOrNull } from './keys-words.ts'
import { operator } from './operator.ts'
import { revocationText } from './revocation-text.ts'
import { iso } from './times.ts'

const NOT_DONE = 'Nothing was done. To revoke it, say --emergency as well.'

/** Revokes a key; without `--emergency` it only says what that would do, and exits with 2. */
export function revokeKey(kid: string, options: { emergency?: boolean }): Promise<Answer> {
  return withDeployment(KEY_SETTINGS, async (deployment) => {
    const { database, clock, config } = deployment
    const { revocations } = composeKeyOperations(deployment, config)
    const isForReal = options.emergency === true
    const revocation = isForReal
      ? await revocations.revoke(kid, operator)
      : await revocations.foresee(kid)
    const families = await familiesOf(database.kysely, revocation, config, clock.now())
    const text = revocationText(revocation, families, isForReal, clock.now())
    return {
      json: { ...revocationJson(revocation, families), done: isForReal },
      text,
      ...(!isForReal && { notes: [NOT_DONE], exitCode: EXIT.usage }),
    }
  })
}

/** Who has the key that signs in its place. */
async function familiesOf(
  db: Executor,
  { signer }: Revocation,
  settings: KeySettings,
  now: number,
): Promise<FamilyKnows[]> {
  if (signer === undefined) return []
  return knownTo(await listVerifiers(db), signer, settings, now)
}

function revocationJson(one: Revocation, families: readonly FamilyKnows[]) {
  const { tokens, signer } = one
  return {
    kid: one.kid,
    alg: one.algorithm,
    was: one.was,
    tokens:
      tokens === undefined
        ? null
        : {
            signed_from: iso(tokens.signedFrom),
            signed_until: iso(tokens.signedUntil),
            would_live_until: iso(tokens.wouldLiveUntil),
          },
    is_default: one.isDefault,
    named_by: one.named,
    others_named_by: one.others,
    refused: {
      here_from: iso(one.refusedHereFrom),
      by_max_age_from: iso(one.refusedByMaxAgeFrom),
      everywhere_from: iso(one.refusedEverywhereFrom),
    },
    signer:
      signer === undefined
        ? null
        : {
            kid: signer.kid,
            known_everywhere_from: isoOrNull(one.signerKnownFrom),
            verifiers: families,
          },
  }
}
