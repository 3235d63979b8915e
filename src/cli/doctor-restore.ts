import type { Database } from '../db/connect.ts'
import { bad, type Diagnosis, good } from '../verifier/doctor/diagnosis.ts'
import { readRestore } from './restored-status.ts'
import { count } from './table.ts'
import { when } from './times.ts'

/** Whether the database was set back, and nobody has made up for it. Throws DatabaseUnavailable. */
export async function diagnoseRestore(database: Database): Promise<Diagnosis> {
  const { setBack } = await readRestore(database.kysely)
  if (setBack === undefined) return good('restore', 'no set-back of the database is open')
  const { foundAt, sessions } = setBack
  return bad(
    'restore',
    `the database was set back: since ${when(foundAt)} ${count(sessions, 'session')} came with newer tokens; ends made before may be lost`,
    'see mintmark restored status, then mintmark restored close',
  )
}
