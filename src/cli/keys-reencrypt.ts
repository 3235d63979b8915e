import { createMasterKeys } from '../keys/master-keys.ts'
import { toReencryptionJson } from '../keys/operations/reencryption-json.ts'
import { createReencryptKeys, type Reencryption } from '../keys/reencrypt.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { readMasterKeyNeeds, tellMasterKeyNeed } from './master-key-needs.ts'
import { operator } from './operator.ts'
import { table } from './table.ts'
import { iso } from './times.ts'

/** Encrypts the signing keys under the first master key, and tells what the others have to stay for. */
export function reencryptKeys(): Promise<Answer> {
  return withDeployment(['masterKeys'], async (deployment) => {
    const { clock, config } = deployment
    const masterKeys = createMasterKeys(config.masterKeys)
    const done = await createReencryptKeys({ ...deployment, masterKeys })(operator)
    const needs = await readMasterKeyNeeds(deployment, config.masterKeys)
    const told = needs.map((need) => tellMasterKeyNeed(need, masterKeys.first, clock.now()))
    return {
      json: {
        ...toReencryptionJson(done, masterKeys.first),
        others: needs.map(({ id, kids, sessions, sessionsUntil, since }) => ({
          id,
          signing_keys: kids,
          sessions,
          sessions_started_before: iso(since),
          needed_until: sessionsUntil === undefined ? null : iso(sessionsUntil),
          removable: kids.length === 0 && sessionsUntil === undefined,
        })),
      },
      text: [reencryptionTable(done, masterKeys.first), ...told].join('\n\n'),
      good: done.every(({ outcome }) => outcome !== 'closed'),
    }
  })
}

function reencryptionTable(done: readonly Reencryption[], first: number): string {
  return table(
    ['kid', 'alg', 'master key', 'outcome'],
    done.map(({ kid, algorithm, from, outcome, problem }) => [
      kid,
      algorithm,
      outcome === 'reencrypted' ? `${from} → ${first}` : String(from),
      describe(outcome, problem),
    ]),
    `Every signing key is encrypted under master key ${first}.`,
  )
}

function describe(outcome: Reencryption['outcome'], problem: string | undefined): string {
  if (outcome === 'reencrypted') return 'encrypted anew'
  if (outcome === 'overtaken') return 'left alone: it was just encrypted or erased by somebody else'
  return `left alone: ${problem}`
}
