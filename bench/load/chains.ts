import type { Work } from './work.ts'

/** A scenario's requests and the values with which they go on, in the order of their turns. */
export interface Chains {
  readonly work: Work
  values: string[]
}

/** In an order of chance: users do not come as they lie in the table. */
export function startChains(work: Work): Chains {
  const values = [...(work.values ?? [])]
  for (let left = values.length; left > 1; left -= 1) {
    const [drawn] = values.splice(Math.floor(Math.random() * left), 1)
    values.push(drawn as string)
  }
  return { work, values }
}

/** Whether each request differs from the one before. */
export function isChained({ work }: Chains): boolean {
  return work.values !== undefined
}
