import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { query } from './database.ts'

/** What was seen of a key from outside; instants in milliseconds since the epoch. */
export interface SeenKey {
  readonly alg: string
  /** By the instance's place: when it was first seen to publish the key. */
  readonly publishedAt: Map<number, number>
  /** When an instance was last seen to publish it. */
  lastSeenAt: number
}

/** Looks at the JWKS of every instance a few times a second. */
export interface KeyWatch {
  /** By kid. */
  readonly seen: ReadonlyMap<string, SeenKey>
  /** The kids that were there at the first look: nobody saw since when. */
  readonly first: ReadonlySet<string>
  /** How often the documents of all instances were compared while they had to be the same. */
  compared(): number
  /** What was found to be different then, and every answer that was not 200. */
  readonly wrong: readonly string[]
  /** How many documents were read. */
  reads(): number
  stop(): Promise<void>
}

const PACE = 250
/** An instance must answer within so many milliseconds. */
const PATIENCE = 5_000

/**
 * Watches until it is stopped, at the latest at the end of the test. Instances must answer the same
 * bytes once `lagSeconds` have passed since the rows that are published have last changed.
 */
export function watchKeys(
  t: Test,
  options: {
    instances: readonly { url: string; running: boolean }[]
    databaseUrl: string
    lagSeconds: number
    /** Whether some may not be able to read the rows just now. */
    isUnlike: () => boolean
    /** Whether the instance at a place is not expected to answer: one that has ended is not. */
    isSilent: (place: number) => boolean
  },
): KeyWatch {
  const { instances, databaseUrl, lagSeconds, isUnlike, isSilent } = options
  const seen = new Map<string, SeenKey>()
  const wrong: string[] = []
  let compared = 0
  let reads = 0
  let stopped = false
  let published = ''
  let changedAt = Date.now()

  const look = async (instance: { url: string }, place: number): Promise<string> => {
    const answer = await fetch(`${instance.url}/.well-known/jwks.json`, {
      signal: AbortSignal.timeout(PATIENCE),
    })
    const body = await answer.text()
    reads += 1
    if (answer.status !== 200) throw new Error(`${answer.status} ${body}`)
    const now = Date.now()
    const { keys } = JSON.parse(body) as { keys: { kid: string; alg: string }[] }
    for (const { kid, alg } of keys) {
      const key = seen.get(kid) ?? { alg, publishedAt: new Map(), lastSeenAt: now }
      key.lastSeenAt = now
      if (!key.publishedAt.has(place)) key.publishedAt.set(place, now)
      seen.set(kid, key)
    }
    return body
  }

  const readRows = async () => {
    const rows = await query(
      databaseUrl,
      "select kid from signing_keys where state in ('next', 'active', 'retiring') order by kid",
    )
    const kids = rows.map(({ kid }) => kid).join(' ')
    if (kids === published) return
    published = kids
    changedAt = Date.now()
  }

  let first: ReadonlySet<string> | undefined
  const watch = async () => {
    while (!stopped) {
      // What comes down while it is being asked is the drill's to speak of, if it may not.
      await readRows().catch(() => {})
      if (isUnlike()) changedAt = Date.now()
      const since = changedAt
      const isQuiet = Date.now() - since > lagSeconds * 1000
      const asked = [...instances]
      const documents = await Promise.allSettled(asked.map(look))
      // So long it may take until an end is heard of.
      if (documents.some(({ status }) => status === 'rejected')) await pause(PACE)
      for (const [place, one] of documents.entries()) {
        const isExcused = stopped || !asked[place]?.running || isSilent(place)
        if (one.status === 'rejected' && !isExcused) wrong.push(`no JWKS: ${one.reason}`)
      }
      first ??= new Set(seen.keys())
      await readRows().catch(() => {})
      if (isQuiet && changedAt === since && !isUnlike()) {
        compared += 1
        const bodies = documents.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
        if (new Set(bodies).size > 1) wrong.push(`different bytes: ${bodies.join(' | ')}`)
      }
      await pause(PACE)
    }
  }
  const watching = watch()
  const stop = () => {
    stopped = true
    return watching
  }
  t.teardown(stop)
  return {
    seen,
    get first() {
      return first ?? new Set()
    },
    wrong,
    compared: () => compared,
    reads: () => reads,
    stop,
  }
}
