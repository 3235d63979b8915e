import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../db/connect.ts'
import { inTime } from '../../db/in-time.ts'
import { createToAnswer, type FeedAnswer, type SignList } from './answers.ts'
import { createEntries, type Entries } from './entries.ts'
import { createKeptAnswers } from './kept-answers.ts'
import { numberRevocations, readFeed } from './store.ts'

/** What was revoked, in memory, as verifiers fetch it and follow it. */
export interface RevocationFeed {
  /**
   * What comes after number `since`, and some that came before when that is long ago; or all from the
   * beginning when nobody gave that number. While the database is away it is the last list that was
   * known, from the beginning. Undefined while nothing has ever been known, or no key signs. Never
   * throws.
   */
  answer(since: number): Promise<FeedAnswer | undefined>
  /** Reads what is new, and numbers what waits for it. Throws DatabaseUnavailable. */
  read(): Promise<void>
  /** Reads again soon: something was written here, and is about to be committed. */
  wake(): void
  /** Reads every second, until what it returns is called. */
  run(): () => void
  /** Calls `listener` whenever there is something new; returns how to stop that. */
  onNews(listener: () => void): () => void
}

/** So many are read or numbered at once. */
const BATCH = 5_000
const EVERY_MS = 1_000
/** What is written is committed by then; and who ends many sessions in a row causes few reads. */
const SOON_MS = 50

export function createRevocationFeed(options: {
  database: Database
  clock: Clock
  issuer: string
  sign: SignList
  logger: { warn(fields: object, message: string): void; info(fields: object, m: string): void }
}): RevocationFeed {
  const { database, clock, logger } = options
  const toAnswer = createToAnswer(options)
  let entries = createEntries()
  /** Up to when everything that was committed is known. */
  let asOf: number | undefined
  const kept = createKeptAnswers(toAnswer)
  /**
   * While the database is away. The pages are signed when it was lost, while the keys are fresh enough:
   * what is said until it is back. What is signed too late for that goes nowhere.
   */
  let outage: { pages?: FeedAnswer[] } | undefined
  let reading: Promise<void> | undefined
  /** How often the database has answered. */
  let steps = 0
  /** The number that followers have heard of. */
  let told = 0
  let soon: NodeJS.Timeout | undefined
  let isRunning = false
  const listeners = new Set<() => void>()

  const readOn = async (known: Entries): Promise<{ now: Entries; isBehind: boolean }> => {
    for (let now = known; ; ) {
      const part = await readFeed(database.kysely, now.seq, clock.now(), BATCH)
      if (part.last < now.seq) {
        // The database was set back to an older state. What is held is answered until all is read anew.
        now = createEntries()
        continue
      }
      now.add(part.entries, part.seq)
      steps += 1
      if (!part.more) return { now, isBehind: part.isBehind }
    }
  }

  /** What is known from here on; who follows hears of it. */
  const publish = (now: Entries) => {
    entries = now
    if (entries.seq === told) return
    told = entries.seq
    for (const listener of listeners) listener()
  }

  const readAll = async () => {
    let known = clock.now()
    let { now, isBehind } = await readOn(entries)
    while (isBehind) {
      publish(now)
      known = clock.now()
      // What is committed later waits for the next time, so that this one comes to an end.
      isBehind = (await numberRevocations(database, known, BATCH)) === BATCH
      now = (await readOn(now)).now
    }
    if (outage !== undefined) logger.info({}, 'the list of revocations is read again')
    outage = undefined
    asOf = known
    now.forget(known)
    publish(now)
  }

  /** However many ask at once, one reads. */
  const read = (): Promise<void> => {
    reading ??= readAll().finally(() => {
      reading = undefined
    })
    return reading
  }

  /** Every page of the list, and the one of a verifier that has them all. */
  const signAll = async (known: number): Promise<FeedAnswer[]> => {
    const signed = []
    for (let since = 0; ; ) {
      const page = await toAnswer(entries.page(since), known, clock.now())
      signed.push(page)
      if (page.since === page.seq) return signed
      since = page.seq
    }
  }

  const poll = async () => {
    const before = steps
    try {
      await inTime(read())
    } catch (err) {
      // A long list is on its way.
      if (steps > before) return
      if (asOf === undefined || outage !== undefined) return
      logger.warn({ err }, 'the list of revocations cannot be read: the last one stands')
      await endure(asOf)
    }
  }

  const endure = async (known: number) => {
    const begun: typeof outage = {}
    outage = begun
    try {
      begun.pages = await signAll(known)
    } catch {
      // To be tried again at the next look.
      if (outage === begun) outage = undefined
    }
  }

  const answerOf = async (known: number, since: number): Promise<FeedAnswer | undefined> => {
    try {
      return await kept.answer(entries, since, known, clock.now())
    } catch (err) {
      logger.warn({ err }, 'the list of revocations cannot be signed')
      return undefined
    }
  }

  return {
    read,
    async answer(since) {
      // One that another replica gave is known here at the next look.
      if (asOf === undefined || (since > entries.seq && outage === undefined)) await poll()
      const lasting = outage?.pages
      if (lasting !== undefined) return lasting.find((page) => page.since === since) ?? lasting[0]
      return asOf === undefined ? undefined : answerOf(asOf, since)
    },
    wake() {
      if (!isRunning) return
      soon ??= setTimeout(() => {
        soon = undefined
        void poll()
      }, SOON_MS).unref()
    },
    run() {
      isRunning = true
      const timer = setInterval(() => void poll(), EVERY_MS).unref()
      void poll()
      return () => {
        isRunning = false
        clearInterval(timer)
        clearTimeout(soon)
      }
    },
    onNews(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
