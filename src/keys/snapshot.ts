import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { CLOCK_SKEW_SECONDS } from '../config/key-timing.ts'
import type { MasterKeys } from './master-keys.ts'
import { seal, unseal } from './seal.ts'
import { isAlgorithm, openPublicKey, type PublishedKey } from './signing-key.ts'
import { readSmallFile, replaceFile } from './snapshot-file.ts'

/** What is in the file. */
interface Written {
  readonly keys: readonly PublishedKey[]
  /** When the database last said so, in milliseconds since the epoch by this host's clock. */
  readonly confirmedAt: number
}

/** The published keys as they once were. */
export interface KnownKeys extends Written {
  /** They are not to be published after that, by the same clock: one of them may have been revoked. */
  readonly goodUntil: number
}

/**
 * The published keys in a file, so that a replica that is restarted while the database is away can
 * answer the JWKS. It holds no secret, and is sealed all the same: who can write the file could
 * otherwise publish a key of his own.
 */
export interface JwksSnapshot {
  /**
   * Writes the keys down when they have changed, and every few minutes that they still are what they
   * were. To be called whenever they have been read. Never fails: the log says that they could not be
   * written. Resolves when they are.
   */
  save(keys: readonly PublishedKey[]): Promise<void>
  /** What is written; undefined, and the log says why, of what cannot be believed. Never fails. */
  read(): Promise<KnownKeys | undefined>
}

const FILE = 'jwks-snapshot'

/** The first byte of the file; the second is the id of the master key that sealed the rest. */
const FORMAT = 1

const CONFIRM_EVERY_MS = 5 * 60_000

/**
 * For so long a snapshot is good, as an answer of ours is where we cannot be reached (stale-if-error):
 * a key that was revoked while this replica was away is published by it for no longer.
 */
const LIFE_MS = 86_400_000

/** @param options.directory where the file is; undefined for no snapshot */
export function createJwksSnapshot(options: {
  directory: string | undefined
  masterKeys: MasterKeys
  random: Random
  /** The host's own: a start without a database knows no other. */
  hostClock: Clock
  issuer: string
  logger: { warn(fields: object, message: string): void }
}): JwksSnapshot {
  const { directory, masterKeys, random, hostClock, issuer, logger } = options
  if (directory === undefined) return { save: async () => {}, read: async () => undefined }
  const file = join(directory, FILE)
  const context = `JWKS snapshot of ${issuer}`
  let last: { set: string; at: number } | undefined
  let writing = Promise.resolve()
  let hasFailed = false

  const write = async (known: Written) => {
    const content = Buffer.from(JSON.stringify(known))
    const sealed = seal(masterKeys, random, content, context, 'jwks-snapshot')
    try {
      const bytes = Buffer.concat([Buffer.of(FORMAT, sealed.masterKeyId), sealed.bytes])
      await replaceFile(file, bytes, random)
      hasFailed = false
    } catch (error) {
      last = undefined
      if (!hasFailed) logger.warn({ file, reason: reasonOf(error) }, 'cannot write the snapshot')
      hasFailed = true
    }
  }
  return {
    save(published) {
      const keys = published.map(({ kid, algorithm, publicJwk }) => ({ kid, algorithm, publicJwk }))
      const set = JSON.stringify(keys)
      const at = hostClock.now()
      if (set !== last?.set || Math.abs(at - last.at) >= CONFIRM_EVERY_MS) {
        last = { set, at }
        writing = writing.then(() => write({ keys, confirmedAt: at }))
      }
      return writing
    },
    async read() {
      try {
        const bytes = await readSmallFile(file)
        if (bytes === undefined) return undefined
        const [format, masterKeyId = 0] = bytes
        if (format !== FORMAT) throw new Error('it is of another version')
        const sealed = { bytes: bytes.subarray(2), masterKeyId }
        const content = unseal(masterKeys, sealed, context, 'jwks-snapshot')
        const known = JSON.parse(content.toString()) as Written
        requireUsable(known, hostClock.now())
        return { ...known, goodUntil: known.confirmedAt + LIFE_MS }
      } catch (error) {
        logger.warn({ file, reason: reasonOf(error) }, 'the snapshot is not used')
        return undefined
      }
    },
  }
}

/** Throws, with the reason, unless the keys are of the last day and such as this version can use. */
function requireUsable({ keys, confirmedAt }: Written, now: number): void {
  const at = new Date(confirmedAt).toISOString()
  if (now - confirmedAt > LIFE_MS) throw new Error(`it is of ${at}, more than a day ago`)
  if (confirmedAt - now > CLOCK_SKEW_SECONDS * 1000) {
    throw new Error(`it is of ${at}, which is yet to come: was the clock of this host set?`)
  }
  for (const key of keys) {
    if (!isAlgorithm(key.algorithm)) throw new Error(`this version knows no ${key.algorithm}`)
    openPublicKey(key)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
