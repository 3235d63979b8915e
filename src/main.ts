import { processEnvironment, readConfig } from './config.ts'
import type { GivenToWorkers } from './worker.ts'
import { findMembership } from './workers/membership.ts'

/**
 * Runs the service until a signal ends it: in this process or, by `WORKERS`, in several that it starts.
 * Throws, with a message fit to print, when it cannot.
 */
export async function serve(): Promise<void> {
  const config = readConfig(processEnvironment())
  // Each loads what it needs: the first of several processes has no use for a whole service.
  if (config.workers === 1) return (await import('./alone.ts')).serveAlone(config)
  const membership = findMembership<GivenToWorkers>()
  return membership === undefined
    ? (await import('./first.ts')).serveByWorkers(config)
    : (await import('./worker.ts')).serveAsWorker(config, membership)
}

if (import.meta.main) {
  serve().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  })
}
