import type { Executor } from '../../../db/connect.ts'
import type { MasterKeys } from '../../../keys/master-keys.ts'
import type { ImportKey } from '../../../keys/operations/import-key.ts'
import type { KeyRevocations } from '../../../keys/operations/revoke.ts'
import type { RotateNow } from '../../../keys/operations/rotate-now.ts'
import type { KeySchedule } from '../../../keys/operations/schedule.ts'
import type { ReencryptKeys } from '../../../keys/reencrypt.ts'
import { Problem } from '../../problem.ts'

/** What the routes on signing keys need. */
export interface KeyRouteOptions {
  db: Executor
  keyOperations: {
    readSchedule: () => Promise<KeySchedule>
    rotateNow: RotateNow
    revocations: KeyRevocations
    importKey: ImportKey
    reencryptKeys: ReencryptKeys
    masterKeys: MasterKeys
  }
}

/** The refusal of a `kid` that no key has. */
export function keyUnknown(): Problem {
  return new Problem(
    404,
    'signing_key_unknown',
    'no signing key has this kid; GET /keys lists all of them',
  )
}
