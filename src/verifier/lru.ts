/** A map of a bounded size, which forgets what was not asked for the longest. */
export interface Lru<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  values(): Iterable<Value>
}

/** @param size how many entries it holds */
export function createLru<Value>(size: number): Lru<Value> {
  // A Map remembers the order in which its entries came.
  const entries = new Map<string, Value>()
  return {
    get(key) {
      const value = entries.get(key)
      if (value === undefined) return undefined
      entries.delete(key)
      entries.set(key, value)
      return value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      if (entries.size > size) entries.delete(entries.keys().next().value as string)
    },
    delete: (key) => entries.delete(key),
    values: () => entries.values(),
  }
}
