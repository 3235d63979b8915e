/** Runs something later, and never keeps a process alive for it. Returns how to call it off. */
export type Schedule = (run: () => void, milliseconds: number) => () => void

/** By the timers of the runtime. */
export const byTimers: Schedule = (run, milliseconds) => {
  const timer: unknown = setTimeout(run, milliseconds)
  // Edge runtimes and browsers give a number, which holds nothing.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) {
    ;(timer as { unref(): void }).unref()
  }
  return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0])
}
