import type { FastifyRequest } from 'fastify'
import type { Gate } from '../../base/gate.ts'
import { sha256 } from '../../base/hash.ts'
import type { Executor } from '../../db/connect.ts'
import type { Account } from '../../grants/limits.ts'
import { listAddresses } from '../../sessions/devices/store.ts'
import { addressOf, addressPrefix, readAddress } from '../address.ts'
import type { Bucket } from './bucket.ts'
import { createGate, refusal } from './gate.ts'
import { noteFull, type Watch } from './watch.ts'

/**
 * The gate before passwords. Failures are counted and not attempts, so nobody is held up by others
 * who log in rightly behind the same address. An account that is guessed at from everywhere is closed
 * to strangers until the window ends, never to the devices that it has been used on.
 */
export function limitLogins(options: {
  db: Executor
  watch: Watch
  /** Of one account from one address. */
  account: Bucket
  /** Of one account from everywhere. */
  total: Bucket
  /** Of one address. */
  address: Bucket
}): (request: FastifyRequest, account: Account) => Gate {
  const { db, watch, total } = options
  return (request, { username, sub }) => {
    const name = sha256(username).toString('base64url')
    const prefix = addressPrefix(addressOf(request))
    const here = createGate('too_many_logins', request, watch, () => [
      [options.account, `${name} ${prefix}`],
      [options.address, prefix],
    ])
    /** Asked for an unknown user as well, who must take as long as a known one. */
    const isKnownHere = async () => {
      const addresses = await listAddresses(db, sub ?? '')
      return addresses.some((text) => {
        const address = readAddress(text)
        return address !== undefined && addressPrefix(address) === prefix
      })
    }
    return {
      async pass() {
        await here.pass()
        const level = await total.look(request, name)
        if (level?.remaining !== 0 || (await isKnownHere())) return
        // Told only now: before, it would tell of what others do.
        watch.see(request, [level])
        throw refusal('too_many_logins', level)
      },
      async count() {
        await here.count()
        noteFull(request, [await total.add(request, name)])
      },
    }
  }
}
