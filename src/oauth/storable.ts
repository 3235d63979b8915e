/** What Postgres cannot hold: NUL, and half a surrogate pair, which it would store as U+FFFD. */
const UNSTORABLE = /\0|\p{Surrogate}/u

/** Whether a text can be stored and read back as it is. */
export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text)
}

/**
 * Why a JSON value cannot be stored; undefined when it can. The walk stops at `levels`, so that no
 * nesting is too deep for it.
 */
export function storageProblem(value: unknown, levels: number): string | undefined {
  if (typeof value === 'string') {
    return isStorableText(value) ? undefined : 'holds a NUL or an unpaired surrogate'
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (levels === 0) return 'nests too deeply'
  for (const part of Object.entries(value).flat()) {
    const problem = storageProblem(part, levels - 1)
    if (problem !== undefined) return problem
  }
  return undefined
}
