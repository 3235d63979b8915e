/**
 * Makes of a listener one that never throws, and that need not be there: a log that fails must not
 * make 500 of a 401, nor keep good tokens from passing.
 */
export function unharmedBy<Told>(
  listener: ((told: Told) => void) | undefined,
): (told: Told) => void {
  return (told) => {
    try {
      listener?.(told)
    } catch {
      // Its author hears of it by the silence of the log.
    }
  }
}
