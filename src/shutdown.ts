/** A Ctrl-C under npm arrives twice: from the terminal, and once more from npm. In milliseconds. */
const SAME_SIGNAL_MS = 1_000

/**
 * Calls `close` at the first SIGINT, SIGTERM or SIGHUP, or at the first of `signals`, and ends the process
 * with 0 when it is done. A second signal, given on purpose, ends it at once with 1; so does the time
 * limit, in seconds. Returns how to do by hand what a signal does.
 */
export function closeOnSignal(options: {
  close: (signal: string) => Promise<void>
  timeoutSeconds: number
  onFailure: (error: unknown) => void
  exit: (code: number) => void
  signals?: readonly NodeJS.Signals[]
}): (signal: string) => void {
  let closingSince: number | undefined
  const abort = (error: unknown) => {
    options.onFailure(error)
    options.exit(1)
  }
  const onSignal = (signal: string) => {
    if (closingSince !== undefined) {
      const isAnother = performance.now() - closingSince > SAME_SIGNAL_MS
      if (isAnother) abort(new Error(`stopped at once by a second ${signal}`))
      return
    }
    closingSince = performance.now()
    const limit = options.timeoutSeconds * 1000
    const late = () => abort(new Error(`closing took longer than ${options.timeoutSeconds} s`))
    setTimeout(late, limit).unref()
    options.close(signal).then(() => options.exit(0), abort)
  }
  // SIGHUP: the terminal's window was closed.
  const { signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] } = options
  for (const signal of signals) process.on(signal, onSignal)
  return onSignal
}
