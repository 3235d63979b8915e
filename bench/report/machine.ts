import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { query } from '../database/query.ts'

/** Where and with what it was measured. */
export async function describeMachine(
  databaseUrl: string,
  generator: string,
): Promise<Record<string, string | number>> {
  const [row] = await query<{ version: string }>(databaseUrl, 'show server_version')
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    postgres: Object.values(row ?? {})[0] ?? 'unknown',
    load: generator,
    commit: commit(),
  }
}

/** `+` where there were changes that are not committed; unknown without Git. */
function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}
