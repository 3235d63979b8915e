/** What was found out about one thing. */
export interface Diagnosis {
  readonly topic: string
  /** `warning`: it works, and something about it will surprise somebody. */
  readonly verdict: 'good' | 'warning' | 'bad'
  readonly detail: string
  /** What to do about it. */
  readonly remedy?: string
}

export const good = (topic: string, detail: string): Diagnosis => ({
  topic,
  verdict: 'good',
  detail,
})

export const warning = (topic: string, detail: string, remedy: string): Diagnosis => ({
  topic,
  verdict: 'warning',
  detail,
  remedy,
})

export const bad = (topic: string, detail: string, remedy: string): Diagnosis => ({
  topic,
  verdict: 'bad',
  detail,
  remedy,
})
