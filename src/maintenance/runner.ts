import { type Clock, type CorrectedClock, createStepWatch } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import { measureClockOffset } from '../db/reference-clock.ts'
import type { AdvanceKeys } from '../keys/advance.ts'
import type { FetchCount } from '../keys/fetches/count.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { CutOffs } from '../sessions/cut-off.ts'
import { clean, cleanFeed } from './clean.ts'
import { keepEvents } from './keep-events.ts'
import { keepFetches } from './keep-fetches.ts'

/** A host's clock that is further off than this is worth a line in the log. In milliseconds. */
const OFFSET_NOTED_MS = 5_000

const SECOND = 1_000
const MINUTE = 60_000
/** Often enough that what is held of the keys is seldom too old to sign by. */
const KEYS_EVERY = 5 * SECOND

export interface RunnerOptions {
  database: Database
  advanceKeys: AdvanceKeys
  keyRing: KeyRing
  cutOffs: CutOffs
  jwksFetches: FetchCount
  clock: CorrectedClock
  hostClock: Clock
  logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  pause: () => Promise<void>
  /** How long events are kept. */
  retentionSeconds: number
}

/**
 * Runs the recurring jobs: every five seconds the signing keys are read, and what is due of their life
 * cycle is done; every ten it is written down who fetched the JWKS; every minute the clock is held
 * against the database's, the rows behind a cut-off are marked, and what verifiers need not know any
 * more is deleted; every hour what else has expired is deleted, and the days of events are made and
 * dropped. When somebody has set this host's clock, it is held against the database's at once. A job
 * that fails is logged and comes round again; one that is still at it is left alone. Returns how to
 * stop.
 */
export function runMaintenance(options: RunnerOptions): () => void {
  const { database, advanceKeys, keyRing, cutOffs, jwksFetches, clock, hostClock, logger, pause } =
    options
  const jobs = {
    fetches: () => keepFetches({ db: database.kysely, jwksFetches }),
    clock: async () => {
      const offset = await measureClockOffset(database, hostClock)
      clock.correct(offset)
      if (Math.abs(offset) > OFFSET_NOTED_MS) {
        logger.warn({ offset_ms: offset }, 'this host’s clock is off; the database’s is used')
      }
    },
    cutOffs: async () => {
      const marked = await cutOffs.markRest()
      if (marked > 0) logger.info({ marked }, 'marked sessions as ended that had been cut off')
    },
    keys: async () => {
      for (const { do: step, ...of } of await advanceKeys()) {
        logger.info({ step, ...of }, 'a signing key has taken a step')
      }
      await keyRing.load()
    },
    events: async () => {
      const kept = await keepEvents(options)
      if (kept.dropped > 0) logger.info(kept, 'dropped the events of past days')
    },
    // Not worth a line a minute.
    feed: async () => void (await cleanFeed({ db: database.kysely, clock, pause })),
    clean: async () => {
      const deleted = await clean({ db: database.kysely, clock, pause })
      if (deleted > 0) logger.info({ deleted }, 'deleted what had expired')
    },
  }
  const running = new Set<string>()
  const run = async (name: keyof typeof jobs) => {
    if (running.has(name)) return
    running.add(name)
    try {
      await jobs[name]()
    } catch (err) {
      logger.warn({ err, job: name }, 'a job failed')
    } finally {
      running.delete(name)
    }
  }
  const every = (period: number, name: keyof typeof jobs) =>
    setInterval(() => void run(name), period).unref()
  const hasStepped = createStepWatch()
  const watch = setInterval(() => {
    if (hasStepped()) void run('clock')
  }, SECOND).unref()
  const timers = [
    watch,
    every(KEYS_EVERY, 'keys'),
    every(10 * SECOND, 'fetches'),
    every(MINUTE, 'clock'),
    every(MINUTE, 'cutOffs'),
    every(MINUTE, 'feed'),
    every(60 * MINUTE, 'events'),
    every(60 * MINUTE, 'clean'),
  ]
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}
