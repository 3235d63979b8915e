import fc from 'fast-check'
import { createReplica, type World } from './replica.ts'
import { startRecord } from './session-row.ts'

const RETRY_WINDOW = 30_000

/** Somebody who holds the chain uses it, some time after the use before. */
interface Turn {
  readonly who: 'owner' | 'thief'
  /** Longer than the retry window. */
  readonly afterMs: number
  readonly replica: 0 | 1
}

interface Sharing {
  readonly recovery: 'allow' | 'deny'
  readonly turns: readonly Turn[]
}

/** An owner and a thief who start from one value, within a day, never within one retry window. */
export const sharing: fc.Arbitrary<Sharing> = fc.record({
  recovery: fc.constantFrom('allow', 'deny'),
  turns: fc.array(
    fc.record<Turn>({
      who: fc.constantFrom('owner', 'thief'),
      afterMs: fc.integer({ min: RETRY_WINDOW + 1, max: 3_600_000 }),
      replica: fc.constantFrom(0, 1),
    }),
    { minLength: 2, maxLength: 16, size: 'max' },
  ),
})

/**
 * How often the chain may change hands, at most, with the session still alive: the first change
 * costs a recovery, of which there are two a day; after a recovery both hold the current value, and
 * one more change is free. So the fifth change is found, and the first where nothing is recovered.
 */
export const CHANGES_FOUND_BY = { allow: 5, deny: 1 } as const

/** Plays the turns; returns after how many changes of hands the session was ended, if it was. */
export async function share(world: World, { recovery, turns }: Sharing) {
  const length = { idleTtl: 14 * 86_400_000, maxTtl: 90 * 86_400_000, cookie: false }
  const { clock, first } = await startRecord(world, length)
  const policy = { retryWindow: RETRY_WINDOW, recoveryWindow: 86_400_000, recovery }
  const settings = { ...length, clock, policy: { ...policy, acceptAhead: true } }
  const replicas = [createReplica(world, 0, settings), createReplica(world, 1, settings)] as const
  const holds = { owner: first, thief: first }
  let changes = 0
  let last: Turn['who'] | undefined
  const outcomes: string[] = []
  for (const { who, afterMs, replica } of turns) {
    clock.advance(afterMs / 1000)
    if (last !== undefined && who !== last) changes += 1
    last = who
    const call = { client: 'own', key: undefined, scope: [], resources: [], address: who } as const
    const { outcome, value } = await replicas[replica].refresh(holds[who], call)
    outcomes.push(`${who}: ${outcome}`)
    if (outcome === 'reused') return { changes, found: true, outcomes }
    holds[who] = value ?? holds[who]
  }
  return { changes, found: false, outcomes }
}
