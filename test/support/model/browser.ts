import type { Caller } from './schedule.ts'
import { type Call, exceeds } from './table.ts'

/** A caller that knows what it presents. */
export interface Presenting {
  readonly caller: Caller
  readonly value: string
  readonly call: Call
}

export type Browser = ReturnType<typeof createBrowser>

const THIEF = '198.51.100.66'

/**
 * The tabs of one browser with the storage that they share, and a thief: who holds which value. Sees
 * all that the service hands out, and says when that breaks a promise.
 */
export function createBrowser(first: string, honest: boolean) {
  const generations = new Map([[first, 0]])
  const holders = new Map<string, string>()
  let storage = first
  // What was handed out and not rotated since.
  let live = new Set([0])
  let newest = 0
  const asked = new Map<string, Pick<Call, 'key' | 'scope' | 'resources'>>()

  function take(actor: Caller['actor'], takes: Caller['takes']): string {
    if (takes === 'the newest') return storage
    if (takes === 'its own') return holders.get(actor) ?? storage
    const back = (generations.get(storage) as number) - Number.parseInt(takes.slice(8), 10)
    return [...generations].find(([, generation]) => generation === back)?.[0] ?? storage
  }

  const resolveOne = (caller: Caller): Presenting => {
    const { actor, takes, key, scope, resources } = caller
    const isForged = takes === 'a forged one' && !honest
    const value = isForged ? `${first.slice(0, -7)}0000000` : honest ? storage : take(actor, takes)
    if (!isForged) holders.set(actor, value)
    const call: Call = {
      ...{ key, scope, resources },
      presented: generations.get(value),
      client: honest ? 'own' : caller.client,
      address: actor === 'thief' && !honest ? THIEF : '192.0.2.1',
    }
    return { caller, value, call: honest ? asBefore(call, value) : call }
  }

  /** Who retries asks for what was asked for, with the key that was stored before the request. */
  function asBefore(call: Call, value: string): Call {
    const plain = { key: call.key && `${call.key} of ${value}`, scope: [], resources: [] }
    const { scope, resources } = exceeds(call) ? plain : call
    const ask = asked.get(value) ?? { ...plain, scope, resources }
    asked.set(value, ask)
    return { ...call, ...ask }
  }

  return {
    /** What each caller presents; the same caller twice is the same request twice. */
    resolve(callers: readonly Caller[]): Presenting[] {
      const known = new Map<Caller, Presenting>()
      return callers.map((caller) => {
        const resolved = known.get(caller) ?? resolveOne(caller)
        known.set(caller, resolved)
        return resolved
      })
    },
    /** Hands the answers out; returns what is wrong with them, if anything is. */
    answered(
      calls: readonly Presenting[],
      answers: readonly { outcome: string; value: string | undefined }[],
    ): string | undefined {
      const newestBefore = newest
      for (const [index, { caller, call }] of calls.entries()) {
        const { outcome, value } = answers[index] as (typeof answers)[number]
        if (value === undefined) continue
        const generation = Number(outcome.split(' ')[1])
        if ((generations.get(value) ?? generation) !== generation)
          return 'two generations of a value'
        generations.set(value, generation)
        if (generation < newestBefore && !outcome.startsWith('ahead')) {
          return `handed out ${generation}, which ${newestBefore} had overtaken`
        }
        if (outcome.startsWith('ahead')) live = new Set()
        if (outcome.startsWith('rotated')) live.delete(call.presented as number)
        newest = outcome.startsWith('ahead') ? generation : Math.max(newest, generation)
        if (generation >= newest) live.add(generation)
        if (caller.loses !== 'nothing') continue
        holders.set(caller.actor, value)
        const stored = generations.get(storage) as number
        if ((caller.actor !== 'thief' || honest) && generation > stored) storage = value
      }
      if (new Set(generations.values()).size !== generations.size)
        return 'two values of a generation'
      return live.size > 1 ? `live at once: ${[...live].join(', ')}` : undefined
    },
    /** The database is as it was at that generation. */
    restored(generation: number) {
      live = new Set([generation])
      newest = generation
    },
  }
}
