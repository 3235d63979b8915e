import type { Random } from '../base/random.ts'
import type { CompleteConfig } from '../compose.ts'
import type { MasterKey } from '../config/master-keys.ts'
import type { Config } from '../config.ts'
import type { EmbeddedDatabase } from '../db/embedded/database.ts'
import { developmentMasterKeys } from './master-keys.ts'

/** What development adds to a configuration. */
interface Completion {
  readonly databaseUrl: string
  readonly masterKeys: readonly MasterKey[]
}

/** A configuration completed for development, and the embedded database behind it. */
export interface Development<C = CompleteConfig> {
  readonly config: C
  readonly database: EmbeddedDatabase
}

/**
 * Completes a configuration without a DATABASE_URL: opens the embedded database of the state
 * directory and gives it a master key of its own. Throws EmbeddedDatabaseInUse when another service
 * runs on it, EmbeddedDatabaseUnavailable when it cannot be started here.
 * @param owner what another start is told about this one
 */
export async function openDevelopment<
  C extends Pick<Config, 'stateDirectory'> & Partial<Pick<Config, 'masterKeys'>>,
>(
  config: C,
  random: Random,
  mode: 'own' | 'share',
  owner: string,
): Promise<Development<C & Completion>> {
  // Loaded only here: an installation without development dependencies has no such database.
  const { openEmbeddedDatabase } = await import('../db/embedded/database.ts')
  const directory = config.stateDirectory
  const database = await openEmbeddedDatabase({ directory, mode, owner })
  try {
    return { config: await completeForDevelopment(config, random, database.url), database }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The same for a process that uses the database that another one has opened, and closes. */
export async function completeForDevelopment<
  C extends Pick<Config, 'stateDirectory'> & Partial<Pick<Config, 'masterKeys'>>,
>(config: C, random: Random, databaseUrl: string): Promise<C & Completion> {
  const masterKeys = config.masterKeys?.length
    ? config.masterKeys
    : await developmentMasterKeys(config.stateDirectory, random)
  return { ...config, masterKeys, databaseUrl }
}
