import { systemRandom } from './base/random.ts'
import type { CompleteConfig } from './compose.ts'
import type { Config } from './config.ts'
import { completeForDevelopment } from './development/open.ts'
import type { SeededDemo } from './development/seed.ts'
import { createFarewell } from './http/farewell.ts'
import type { Count, Others } from './http/limits/others.ts'
import { createLifetime } from './lifetime.ts'
import { FAREWELL_SECONDS, startReplica } from './replica.ts'
import { createLogger } from './telemetry/logger.ts'
import type { Membership } from './workers/membership.ts'

/** What the first process has opened for all workers. */
export interface GivenToWorkers {
  /** Of development alone, as are its contents. */
  readonly databaseUrl?: string
  readonly seeded?: SeededDemo
}

/** What one worker's app tells those of the others. */
interface News {
  readonly app: 'public' | 'admin'
  readonly count: Count
}

/** Runs the service in this process, one of several, until it or the first process is told to end. */
export async function serveAsWorker(
  config: Config,
  membership: Membership<GivenToWorkers>,
): Promise<void> {
  const logger = createLogger({ level: config.logLevel, worker: membership.id })
  const { shutdownDelaySeconds, shutdownTimeoutSeconds } = config
  const lifetime = createLifetime({
    timeoutSeconds: Math.max(shutdownDelaySeconds, FAREWELL_SECONDS) + shutdownTimeoutSeconds,
    logger,
    // What a closed terminal or an operator says by SIGHUP is for the first process.
    signals: ['SIGINT', 'SIGTERM'],
  })
  process.on('SIGHUP', () => {})
  let isLeaving = false
  membership.onEnd((how) => {
    isLeaving = how !== 'close'
    lifetime.close(how)
  })
  // The first that is opened is the last that is closed.
  lifetime.opens(() => membership.part())
  await lifetime.run(async () => {
    const { given, waits } = await membership.begin
    const { databaseUrl, seeded } = given
    const { addresses } = await startReplica({
      config:
        databaseUrl === undefined
          ? (config as CompleteConfig)
          : await completeForDevelopment(config, systemRandom, databaseUrl),
      logger,
      opens: lifetime.opens,
      seed: seeded && (async () => seeded),
      worker: {
        waits,
        isLeaving: () => isLeaving,
        farewell: createFarewell(),
        others: { public: othersOf('public', membership), admin: othersOf('admin', membership) },
      },
    })
    membership.ready(addresses)
  })
}

function othersOf(app: News['app'], membership: Membership<GivenToWorkers>): Others {
  return {
    tell: (count) => membership.tell({ app, count } satisfies News),
    onCount: (listener) =>
      membership.onNews((news) => {
        const { app: of, count } = news as News
        if (of === app) listener(count)
      }),
  }
}
