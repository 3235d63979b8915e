import { composeKeyOperations } from '../compose.ts'
import { listVerifiers } from '../keys/fetches/store.ts'
import { knownTo } from '../keys/operations/known-to.ts'
import { toRevocationJson } from '../keys/operations/revocation-json.ts'
import type { Answer } from './answer.ts'
import { KEY_SETTINGS, withDeployment } from './deployment.ts'
import { EXIT } from './failure.ts'
import { operator } from './operator.ts'
import { revocationText } from './revocation-text.ts'

const NOT_DONE = 'Nothing was done. To revoke it, say --emergency as well.'

/** Revokes a key; without `--emergency` it only says what that would do, and exits with 2. */
export function revokeKey(kid: string, options: { emergency?: boolean }): Promise<Answer> {
  return withDeployment(KEY_SETTINGS, async (deployment) => {
    const { database, clock, config } = deployment
    const { revocations } = composeKeyOperations(deployment, config)
    const isForReal = options.emergency === true
    // Before it: once it is done, nothing may stand between it and the answer.
    const verifiers = await listVerifiers(database.kysely)
    const revocation = isForReal
      ? await revocations.revoke(kid, operator)
      : await revocations.foresee(kid)
    const { signer } = revocation
    const families = signer ? knownTo(verifiers, signer, config, clock.now()) : []
    const json = toRevocationJson(revocation, families)
    return {
      json: { tokens: null, signer: null, ...json, done: isForReal },
      text: revocationText(revocation, families, isForReal, clock.now()),
      ...(!isForReal && { notes: [NOT_DONE], exitCode: EXIT.usage }),
    }
  })
}
