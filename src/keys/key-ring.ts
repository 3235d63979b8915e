import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, createStepWatch } from '../base/clock.ts'
import { equalInConstantTime } from '../base/hash.ts'
import { type KeyTiming, REPLICA_LAG_SECONDS } from '../config/key-timing.ts'
import type { Database } from '../db/connect.ts'
import { UnfitKey } from '../jwt/accept-key.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { Sign } from '../jwt/sign.ts'
import { type JwksDocument, serialiseJwks } from './jwks.ts'
import { nextChange, signingAt } from './life-cycle.ts'
import type { MasterKeys } from './master-keys.ts'
import { type OpenKey, openKey, openVerification, type VerificationKey } from './open-key.ts'
import { CannotUnseal } from './seal.ts'
import { isPublished, type PublishedKey, type SigningKey } from './signing-key.ts'
import type { KnownKeys } from './snapshot.ts'
import { ImpossibleKey, readSigningKeys } from './store.ts'

/** A row that is not used, and why. */
export interface KeyFault {
  readonly kid: string
  /** Says the id of a master key and no value. */
  readonly problem: string
  /** Whether this replica lacks a key by it, and should not be asked while it lasts. */
  readonly isGrave: boolean
}

/**
 * The signing keys in memory: verifying asks no database, and signing only where what is held is older
 * than ten seconds.
 */
export interface KeyRing {
  /**
   * Reads the keys. At first, throws CannotUnseal when no master key opens a published one, UnfitKey
   * when one does not fit its algorithm, and ImpossibleKey; later such rows are left out and
   * reported. Where there is no key yet, nothing is loaded. Throws DatabaseUnavailable.
   */
  load(): Promise<void>
  /** Publishes what was known while it is good, until `load` has read what is. Nothing signs by it. */
  restore(known: KnownKeys): void
  readonly loaded: boolean
  /** What was left out when the keys were last read. */
  readonly faults: readonly KeyFault[]
  /**
   * The signer of the first of these algorithms that has a key which signs now, for tokens of that
   * `typ`. Throws DatabaseUnavailable when the keys must be read again and cannot be, NoSigningKey
   * when there is none.
   */
  signer(algorithms: readonly Algorithm[], typ: string): Promise<Sign>
  /** The published key of that `kid`. */
  find(kid: string): VerificationKey | undefined
  /** Undefined before `load` and `restore`. */
  jwks(): JwksDocument | undefined
  /**
   * Reads the keys again where what is held is older than ten seconds, for whoever is about to publish
   * it. Waits half a second at most, and for nothing while the database does not answer. Never throws.
   */
  freshen(): Promise<void>
}

/** No key signs what was asked for: the next look at the schedule makes one, in seconds. */
export class NoSigningKey extends Error {
  override readonly name = 'NoSigningKey'
}

type HeldKey = SigningKey & { readonly opened: OpenKey }

interface Published {
  readonly verifying: ReadonlyMap<string, VerificationKey>
  readonly jwks: JwksDocument
}

interface Contents extends Published {
  readonly keys: readonly HeldKey[]
  /** The algorithms whose active key is not to be had here. */
  readonly closed: readonly Algorithm[]
  readonly byKid: ReadonlyMap<string, HeldKey>
  readonly faults: readonly KeyFault[]
  /** Until when to sign by this, in milliseconds since the epoch. */
  readonly freshUntil: number
}

/** A verifier that fetches the JWKS waits for the database no longer. */
const PATIENCE_MS = 500

export function createKeyRing(options: {
  database: Database
  masterKeys: MasterKeys
  clock: Clock
  timing: KeyTiming
  /** Measures the clock anew: this host's was set, or slept. */
  correctClock: () => Promise<void>
  /** Hears of each row that is left out, once. */
  onFault: (fault: KeyFault) => void
  /** Is told the published keys whenever they have been read. */
  onLoaded?: (published: PublishedKey[]) => void
}): KeyRing {
  const { database, masterKeys, clock, timing, correctClock, onFault, onLoaded } = options
  const hasStepped = createStepWatch()
  let isClockUnsure = false
  let nextTry = 0
  /** Whoever comes while somebody waits, waits with them. */
  let waiting: Promise<void> | undefined
  let contents: Contents | undefined
  let restored: (Published & { readonly goodUntil: number }) | undefined
  let reading: Promise<void> | undefined

  const read = async (): Promise<Contents | undefined> => {
    // From before the question: what changes meanwhile may be missing from the answer.
    const freshUntil = clock.now() + REPLICA_LAG_SECONDS * 1000
    const { keys, impossible } = await readSigningKeys(database.kysely)
    // At the start such a row stops it: nobody is to be served by half of the keys.
    if (contents === undefined && impossible.length > 0) throw new ImpossibleKey(impossible)
    const { held, faults } = openAll(keys.filter(isPublished))
    for (const kid of impossible) {
      const problem = 'is of an algorithm or in a state that this version lacks, or has no instants'
      faults.push({ kid, problem, isGrave: false })
      const before = contents?.byKid.get(kid)
      if (before !== undefined) held.push(before)
    }
    const isClosed = (key: SigningKey) => !held.some(({ kid }) => kid === key.kid)
    const closed = keys.filter((key) => key.state === 'active' && isClosed(key))
    for (const fault of faults) if (!isKnown(fault)) onFault(fault)
    if (contents === undefined && held.length === 0) return undefined
    const jwks = held.map(({ opened }) => opened.publicJwk)
    onLoaded?.(held.map(({ opened }) => ({ ...opened, kid: opened.publicJwk.kid })))
    return {
      keys: held,
      closed: closed.map(({ algorithm }) => algorithm),
      byKid: new Map(held.map((key) => [key.kid, key])),
      verifying: new Map(held.map((key) => [key.kid, key.opened])),
      jwks: serialiseJwks(jwks, nextChange(held, timing)),
      faults,
      freshUntil,
    }
  }

  function openAll(keys: readonly SigningKey[]) {
    const faults: KeyFault[] = []
    const held = keys.flatMap((key): HeldKey[] => {
      const before = contents?.byKid.get(key.kid)
      if (before !== undefined && isUnchanged(before, key))
        return [{ ...key, opened: before.opened }]
      try {
        return [{ ...key, opened: openKey(key, masterKeys) }]
      } catch (error) {
        const isOfRow = error instanceof CannotUnseal || error instanceof UnfitKey
        if (contents === undefined || !isOfRow) throw error
        faults.push({ kid: key.kid, problem: error.message, isGrave: before === undefined })
        // What was opened once is still good, whatever has become of its row.
        if (before === undefined) return []
        const { algorithm, sealed, opened } = before
        return [{ ...key, algorithm, sealed, opened }]
      }
    })
    return { held, faults }
  }

  const published = (): Published | undefined => {
    if (contents !== undefined) return contents
    return restored !== undefined && clock.now() < restored.goodUntil ? restored : undefined
  }

  const isKnown = (fault: KeyFault) =>
    contents?.faults.some(({ kid, problem }) => kid === fault.kid && problem === fault.problem)

  /** However many ask at once, one reads. */
  const load = (): Promise<void> => {
    reading ??= read()
      .then((found) => {
        contents = found
      })
      .finally(() => {
        reading = undefined
      })
    return reading
  }

  /** A replica that slept, or lost its database, may have missed that a key was replaced. */
  const isOld = (): boolean => {
    if (hasStepped()) {
      isClockUnsure = true
      nextTry = 0
    }
    return isClockUnsure || contents === undefined || clock.now() >= contents.freshUntil
  }

  const bringUpToDate = async (): Promise<void> => {
    // Twice where the process was stopped while it was reading: that answer is as old as the stop.
    for (let tries = 0; tries < 2 && isOld(); tries += 1) {
      if (isClockUnsure) await correctClock()
      await load()
      isClockUnsure = false
    }
  }

  return {
    load,
    restore({ keys, confirmedAt, goodUntil }) {
      const jwks = keys.map(({ publicJwk }) => publicJwk)
      restored = {
        goodUntil,
        verifying: new Map(keys.map((key) => [key.kid, openVerification(key)])),
        // It may have changed at any time since.
        jwks: serialiseJwks(jwks, confirmedAt),
      }
    },
    get loaded() {
      return contents !== undefined
    },
    get faults() {
      return contents?.faults ?? []
    },
    async signer(algorithms, typ) {
      await bringUpToDate()
      const now = clock.now()
      for (const algorithm of algorithms) {
        const key = signingAt(contents?.keys ?? [], algorithm, now)
        if (key !== undefined) return key.opened.signer(typ)
        // Others sign by it; who wants this algorithm is not served with another one.
        if (contents?.closed.includes(algorithm)) break
      }
      throw new NoSigningKey(`no key signs ${algorithms.join(' or ')} yet`)
    },
    async freshen() {
      if (contents === undefined || !isOld()) return
      if (waiting === undefined && clock.now() >= nextTry) {
        nextTry = clock.now() + (REPLICA_LAG_SECONDS * 1000) / 2
        const patience = new AbortController()
        const { signal } = patience
        const late = delay(PATIENCE_MS, undefined, { signal }).catch(() => {})
        waiting = Promise.race([bringUpToDate().catch(() => {}), late]).finally(() => {
          patience.abort()
          waiting = undefined
        })
      }
      await waiting
    },
    find: (kid) => published()?.verifying.get(kid),
    jwks: () => published()?.jwks,
  }
}

/** Whether a row holds what was opened from it before. */
function isUnchanged(before: HeldKey, { algorithm, sealed }: SigningKey): boolean {
  return (
    before.algorithm === algorithm &&
    before.sealed?.masterKeyId === sealed?.masterKeyId &&
    sealed !== undefined &&
    before.sealed !== undefined &&
    equalInConstantTime(before.sealed.bytes, sealed.bytes)
  )
}
