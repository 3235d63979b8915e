import { closeOnSignal } from './shutdown.ts'

export type Closer = () => Promise<void>

/** What a process has open, and how that ends. */
export interface Lifetime {
  /** Is told how to close what is about to be opened. Throws when all is being closed already. */
  opens(closer: Closer): void
  /** Closes all, as a signal does. */
  close(why: string): void
  /**
   * Runs a start. When it fails, closes what is open and throws its error; one that a signal has
   * overtaken has its exit code from there.
   */
  run(start: () => Promise<void>): Promise<void>
}

/** Thrown inside a start that a signal has overtaken. */
class Overtaken extends Error {}

/**
 * The lifetime of this process, which SIGINT, SIGTERM and SIGHUP, or those of `signals`, end: what was
 * opened last is closed first. To be called before anything is open, so that a signal in the middle of
 * the start leaves no database behind.
 */
export function createLifetime(options: {
  timeoutSeconds: number
  logger: { info(fields: object, message: string): void; error(fields: object, m: string): void }
  exit?: (code: number) => void
  signals?: readonly NodeJS.Signals[]
}): Lifetime {
  const { logger, exit = process.exit } = options
  const opened: Closer[] = []
  let isClosing = false
  const closeAll = async () => {
    isClosing = true
    const failures: unknown[] = []
    for (const close of opened.toReversed()) await close().catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  const close = closeOnSignal({
    ...options,
    exit,
    onFailure: (err) => logger.error({ err }, 'did not close cleanly'),
    close(signal) {
      logger.info({ signal }, 'closing')
      return closeAll()
    },
  })
  return {
    opens(closer) {
      if (isClosing) throw new Overtaken()
      opened.push(closer)
    },
    close,
    async run(start) {
      try {
        await start()
      } catch (error) {
        if (isClosing) return
        await closeAll()
        throw error
      }
    },
  }
}
