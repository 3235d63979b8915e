/**
 * Makes of a listener one that never throws, and that need not be there: a log that fails must not
 * make 500 of a 401, nor keep good tokens from passing.
 */
export function unharmedBy<Told>(
  listener: ((told: Told) => void) | undefined,
): (told: Told) => void {
  return (told) => {
    try {
      // One that is async fails later: a rejection that nobody hears ends a process.
      Promise.resolve(listener?.(told)).catch(ignore)
    } catch {
      ignore()
    }
  }
}

/** Its author hears of it by the silence of the log. */
function ignore(): void {}
