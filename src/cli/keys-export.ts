import { createMasterKeys } from '../keys/master-keys.ts'
import { exportJwks, exportPublicHalf } from '../keys/operations/export-public.ts'
import { KeyNotFound } from '../keys/operations/revoke.ts'
import { isPublished } from '../keys/signing-key.ts'
import { listSigningKeys } from '../keys/store.ts'
import type { Answer } from './answer.ts'
import { masterKeysIfGiven, withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'

export const exportFormats = ['jwks', 'jwk', 'pem'] as const

const UNPROVEN =
  'MASTER_KEYS is not set here: this is what the rows say, each of which fits its kid.'

/** Prints the public halves of all published keys, or of one key of any state. */
export async function exportPublic(
  kid: string | undefined,
  { format }: { format: (typeof exportFormats)[number] },
): Promise<Answer> {
  if (kid === undefined && format !== 'jwks') {
    throw new CommandFailure('usage', `${format} is of one key: give its kid`, EXIT.usage)
  }
  return withDeployment(masterKeysIfGiven(), async ({ database, config }) => {
    const masterKeys = config.masterKeys && createMasterKeys(config.masterKeys)
    const all = await listSigningKeys(database.kysely)
    const keys = all.filter((key) => (kid === undefined ? isPublished(key) : key.kid === kid))
    const [key] = keys
    if (kid !== undefined && key === undefined) throw new KeyNotFound(kid)
    const notes = masterKeys === undefined ? [UNPROVEN] : []
    if (key === undefined || format === 'jwks') {
      const text = exportJwks(keys, masterKeys)
      return { json: JSON.parse(text), text, notes }
    }
    const { jwk, pem } = exportPublicHalf(key, masterKeys)
    return format === 'jwk'
      ? { json: jwk, text: JSON.stringify(jwk), notes }
      : { json: { kid: key.kid, alg: key.algorithm, pem }, text: pem, notes }
  })
}
