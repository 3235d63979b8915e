import { hash, verify } from '@node-rs/argon2'
import type { Gate } from '../base/gate.ts'
import type { Random } from '../base/random.ts'
import type { WorkQueue } from './work-queue.ts'

/** OWASP's choice for argon2id, the library's default algorithm: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** In bytes of UTF-8. Longer ones cost more work than a password is worth. */
export const PASSWORD_BYTES = { min: 8, max: 1024 } as const

/** Hashes and compares passwords on worker threads, a bounded number at once. */
export interface Passwords {
  /** An argon2id hash in PHC format. */
  hash(password: string): Promise<string>
  /**
   * Whether the password is the one of the hash. Without a hash (no such user) it does the same work
   * and says no. Throws QueueFull.
   * @param gate is asked when the turn has come, and counts a wrong password before the next turn
   *   begins: of however many that come at once no more are tried than it lets pass
   */
  verify(hash: string | undefined, password: string, gate?: Gate): Promise<boolean>
}

export function createPasswords(queue: WorkQueue): Passwords {
  let decoy: string | undefined
  return {
    hash: (password) => queue.run(() => hash(password, COST)),
    async verify(known, password, gate) {
      // A password that nobody can have gets the work of an empty one, so it cannot cost more.
      const tooLong = Buffer.byteLength(password) > PASSWORD_BYTES.max
      return queue.run(async () => {
        await gate?.pass()
        decoy ??= await hash('no user has this password', COST)
        const matches = await verify(known ?? decoy, tooLong ? '' : password)
        const isRight = matches && known !== undefined && !tooLong
        if (!isRight) await gate?.count()
        return isRight
      })
    },
  }
}

/** A new password of 24 characters, 144 random bits. */
export function drawPassword(random: Random): string {
  return random.bytes(18).toString('base64url')
}

/** Why a text cannot become a password; undefined when it can. */
export function passwordProblem(password: string): string | undefined {
  const size = Buffer.byteLength(password)
  if (size < PASSWORD_BYTES.min || size > PASSWORD_BYTES.max) {
    return `a password must have ${PASSWORD_BYTES.min} to ${PASSWORD_BYTES.max} bytes`
  }
  return password.isWellFormed() ? undefined : 'a password must be well-formed Unicode text'
}
