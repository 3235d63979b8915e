const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Runs `work` and then `close`, also when a signal ends the command: a database that was started
 * for it must not go on running without it.
 */
export async function closing<T>(close: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  let closed: Promise<void> | undefined
  const closeOnce = () => {
    closed ??= close()
    return closed
  }
  const onSignal = (signal: NodeJS.Signals) => {
    const exit = () => process.exit(SIGNALS[signal as keyof typeof SIGNALS])
    closeOnce().then(exit, exit)
  }
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]
  for (const signal of signals) process.prependListener(signal, onSignal)
  try {
    return await work()
  } finally {
    await closeOnce()
    for (const signal of signals) process.off(signal, onSignal)
  }
}
