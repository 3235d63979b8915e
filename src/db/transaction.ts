import { DatabaseUnavailable, isConflict } from './failure.ts'

const ATTEMPTS = 3

/**
 * Runs `work` again when the database says that it lost a conflict (serialization failure, deadlock,
 * lock time-out): nothing of it was kept. After three losses it throws DatabaseUnavailable, since the
 * caller has done nothing wrong.
 */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isConflict(error)) throw error
      if (attempt === ATTEMPTS) throw new DatabaseUnavailable(error, false)
    }
  }
}
