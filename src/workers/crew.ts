import type { Launch, Launched } from './launch.ts'
import type { Ready } from './messages.ts'
import { createRestarts, type Restarts } from './restarts.ts'

/** A worker ended before it was ready, at the first start: the next one would do the same. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed'
  /** What this process ends with. */
  readonly exitCode: number

  constructor(id: number, exitCode: number | null) {
    super(`worker ${id} ended before it was ready`)
    this.exitCode = exitCode ?? 1
  }
}

/** The workers of this process: so many are there at any time. */
export interface Crew<Given> {
  /**
   * Starts them, one after the other, so that of a fault which all would meet one speaks. Returns what
   * the first said when it was ready. Throws StartFailed.
   * @param given what every worker is given, now and later
   */
  start(given: Given): Promise<Ready>
  /**
   * Puts a new worker in the place of each, one after the other: the old one leaves when the new one is
   * ready. Given up at the first that ends instead. Asked for meanwhile, it is done once more after it.
   */
  roll(): Promise<void>
  /** Closes all; returns when they have ended. Throws when one did not close cleanly. */
  close(): Promise<void>
  /** Ends what still runs, at once. */
  stop(): void
}

/** Where one worker is needed. */
interface Place {
  holder: Launched | undefined
  readonly restarts: Restarts
}

export function createCrew<Given>(options: {
  count: number
  launch: Launch<Given>
  logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  /** Waits so many milliseconds. */
  pause: (ms: number) => Promise<void>
}): Crew<Given> {
  const { count, logger, pause } = options
  let given: Given
  const places: Place[] = Array.from({ length: count }, () => ({
    holder: undefined,
    restarts: createRestarts(),
  }))
  const running = new Set<Launched>()
  const serving = new Set<Launched>()
  let isClosing = false
  let isRolling = false
  let rollsAgain = false

  const launch = (): Launched => {
    const one = options.launch({ given, waits: serving.size > 0 }, (news) => {
      for (const other of running) if (other !== one) other.order({ order: 'hear', news })
    })
    running.add(one)
    void one.ready.then(() => serving.add(one))
    void one.ended.then(() => {
      running.delete(one)
      serving.delete(one)
    })
    return one
  }

  /** Returns what it says when it is ready; undefined when it has ended before. */
  const untilReady = (one: Launched): Promise<Ready | undefined> =>
    Promise.race([one.ready, one.ended.then(() => undefined)])

  /** Gives the place to this one, until it ends: then another one is started. */
  const hold = (place: Place, one: Launched) => {
    place.holder = one
    void one.ready.then(() => place.restarts.ready(one.ended))
    void one.ended.then(async (ending) => {
      if (isClosing || place.holder !== one) return
      place.holder = undefined
      const ms = place.restarts.next()
      const of = { ended: one.id, ended_pid: one.pid, ...ending, pause_ms: ms }
      logger.error(of, 'a worker has ended; another one is started')
      await pause(ms)
      // A roll may have been quicker.
      if (!isClosing && place.holder === undefined) hold(place, launch())
    })
  }

  /** Returns whether the place has a new worker. */
  const renew = async (place: Place): Promise<boolean> => {
    const next = launch()
    if ((await untilReady(next)) === undefined) return false
    const last = place.holder
    hold(place, next)
    last?.order({ order: 'leave' })
    await last?.ended
    return true
  }

  const rollOnce = async () => {
    logger.info({ workers: count }, 'every worker is replaced by a new one, one after the other')
    for (const place of places) {
      const isRenewed = await renew(place)
      if (isClosing) return
      if (!isRenewed) {
        logger.error({}, 'a new worker ended before it was ready: the others stay as they are')
        return
      }
    }
    logger.info({}, 'every worker was replaced')
  }

  return {
    async start(whatever) {
      given = whatever
      const said: Ready[] = []
      for (const place of places) {
        const one = launch()
        const ready = await untilReady(one)
        if (ready === undefined) throw new StartFailed(one.id, (await one.ended).code)
        said.push(ready)
        hold(place, one)
        if (isClosing) break
      }
      return said[0] as Ready
    },
    async roll() {
      rollsAgain = true
      if (isRolling) return
      isRolling = true
      while (rollsAgain && !isClosing) {
        rollsAgain = false
        await rollOnce()
      }
      isRolling = false
    },
    async close() {
      isClosing = true
      const all = [...running]
      for (const one of all) one.order({ order: 'close' })
      const endings = await Promise.all(all.map(({ ended }) => ended))
      const bad = all.filter((_, index) => endings[index]?.code !== 0).map(({ id }) => id)
      if (bad.length > 0) throw new Error(`workers did not close cleanly: ${bad.join(', ')}`)
    },
    stop() {
      for (const one of running) one.stop()
    },
  }
}
