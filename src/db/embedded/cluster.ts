import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Random } from '../../base/random.ts'
import { chooseAccount, commandAs } from './account.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedDatabaseUnavailable } from './errors.ts'
import { run } from './program.ts'
import type { Site } from './site.ts'

/** The name of the superuser and of the database of an embedded cluster. */
export const NAME = 'mintmark'

/**
 * Makes the cluster (data folder and password) when there is none; answers whether this call made
 * it. It is made in a folder beside and renamed into place, so a process that dies half-way leaves
 * nothing that looks like a cluster, and of two at once one wins. Rejects with
 * EmbeddedDatabaseUnavailable when initdb fails.
 */
export async function makeCluster(
  site: Site,
  binaries: Binaries,
  random: Random,
): Promise<boolean> {
  if (await exists(site.cluster)) return false
  const draft = `${site.cluster}.${random.bytes(6).toString('hex')}`
  try {
    await initialise(draft, site, binaries, random)
    await rename(draft, site.cluster)
    return true
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (await exists(site.cluster)) return false
    throw error
  }
}

async function initialise(
  draft: string,
  site: Site,
  binaries: Binaries,
  random: Random,
): Promise<void> {
  const password = join(draft, basename(site.passwordFile))
  const data = join(draft, basename(site.data))
  await mkdir(data, { recursive: true, mode: 0o700 })
  await writeFile(password, random.bytes(24).toString('base64url'), { mode: 0o600, flush: true })
  const account = await chooseAccount({
    postgres: binaries.postgres,
    directory: site.directory,
    folder: draft,
  })
  const ending = await run(
    commandAs(account, binaries.initdb, [
      `--pgdata=${data}`,
      `--username=${NAME}`,
      `--pwfile=${password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ]),
  )
  if (ending.succeeded) return
  throw new EmbeddedDatabaseUnavailable(
    `The embedded database could not be created in ${site.directory}. Set DATABASE_URL to use a ` +
      `Postgres of your own. initdb said:\n${ending.output}`,
  )
}

/**
 * Removes what first starts that died have left. Only for whoever holds the cluster: a first start
 * that is still at it would lose the race anyway, and notices.
 */
export async function removeDrafts(site: Site): Promise<void> {
  const prefix = `${basename(site.cluster)}.`
  for (const entry of await readdir(site.directory)) {
    if (!entry.startsWith(prefix)) continue
    const draft = join(site.directory, entry)
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
