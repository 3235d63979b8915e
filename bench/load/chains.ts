import type { Work } from './work.ts'

/** A scenario's requests and the values with which they go on, in the order of their turns. */
export interface Chains {
  readonly work: Work
  values: string[]
}

export function startChains(work: Work): Chains {
  return { work, values: [...(work.values ?? [])] }
}

/** Whether each request differs from the one before. */
export function isChained({ work }: Chains): boolean {
  return work.values !== undefined
}
