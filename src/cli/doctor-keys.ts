import type { Config } from '../config.ts'
import type { Database } from '../db/connect.ts'
import { UnfitKey } from '../jwt/accept-key.ts'
import { createMasterKeys, type MasterKeys } from '../keys/master-keys.ts'
import { openKey } from '../keys/open-key.ts'
import { CannotUnseal } from '../keys/seal.ts'
import { isPublished, type SigningKey } from '../keys/signing-key.ts'
import { readSigningKeys, readUsage } from '../keys/store.ts'
import { bad, type Diagnosis, good, warning } from '../verifier/doctor/diagnosis.ts'
import { count } from './table.ts'

/**
 * Whether every published key can be used, as the service would, and each algorithm that the
 * configuration, a client or an audience names has one that signs. Throws DatabaseUnavailable.
 */
export async function diagnoseKeys(
  database: Database,
  config: Pick<Config, 'masterKeys' | 'signingAlgorithms'>,
): Promise<Diagnosis[]> {
  const { keys, impossible } = await readSigningKeys(database.kysely)
  if (keys.length + impossible.length === 0) {
    return [warning('keys', 'none yet', 'start the service: it makes its first ones')]
  }
  const masterKeys = createMasterKeys(config.masterKeys)
  const published = keys.filter(isPublished)
  const problems = published.flatMap((key) => problemOf(key, masterKeys) ?? [])
  const open = published.length - problems.length
  const { named } = await readUsage(database.kysely)
  const missing = [...new Set([...config.signingAlgorithms, ...named])].filter(
    (name) => !keys.some((key) => key.algorithm === name && key.state === 'active'),
  )
  return [
    ...impossible.map(ofAnotherVersion),
    ...problems.map((problem) =>
      bad(
        'keys',
        problem,
        'if MASTER_KEYS opens others, this row was changed: restore or revoke it',
      ),
    ),
    ...missing.map((name) => warning('keys', `none signs ${name}`, 'start the service')),
    ...(open > 0 ? [good('keys', `${count(open, 'signing key')} can be opened`)] : []),
  ]
}

/** Why the service would not use a key, by the error's own words, which name it. */
function problemOf(key: SigningKey, masterKeys: MasterKeys): string | undefined {
  try {
    openKey(key, masterKeys)
    return undefined
  } catch (error) {
    if (error instanceof CannotUnseal || error instanceof UnfitKey) return error.message
    throw error
  }
}

function ofAnotherVersion(kid: string): Diagnosis {
  return bad(
    'keys',
    `signing key ${kid} is of an algorithm or in a state that this version lacks`,
    'run the version that made it; if none did, delete the row',
  )
}
