import { createHmac } from 'node:crypto'
import { decodeBase64url } from '../../base/encoding.ts'
import { equalInConstantTime, sha256 } from '../../base/hash.ts'
import type { MasterKeys } from '../../keys/master-keys.ts'
import { Problem } from '../problem.ts'

/** Says where the next page of a list begins, in a way that nobody else can. */
export interface Cursors {
  /**
   * @param list what is listed, with its filter: a cursor is good for no other list
   * @param position of the last row, in whatever words the list has for it
   */
  write(list: string, position: string): string
  /** The position that the next page comes after. Throws a problem `cursor_invalid`. */
  read(list: string, cursor: string): string
}

const MAC_BYTES = 16

/** A cursor is the id of a master key, the position of the last row and a MAC under the key. */
export function createCursors({ masterKeys }: { masterKeys: MasterKeys }): Cursors {
  const mac = (list: string, head: Buffer): Buffer | undefined => {
    const key = masterKeys.derive(head.readUInt8(0), 'cursor')
    // The list by its hash: nothing of it can be taken for a part of the position.
    const sum = key && createHmac('sha256', key).update(sha256(list)).update(head).digest()
    return sum?.subarray(0, MAC_BYTES)
  }
  return {
    write(list, position) {
      const head = Buffer.concat([Buffer.of(masterKeys.first), Buffer.from(position)])
      return Buffer.concat([head, mac(list, head) as Buffer]).toString('base64url')
    },
    read(list, cursor) {
      const bytes = decodeBase64url(cursor)
      if (bytes === undefined || bytes.length <= 1 + MAC_BYTES) throw invalid()
      const head = bytes.subarray(0, -MAC_BYTES)
      const expected = mac(list, head)
      if (!expected || !equalInConstantTime(expected, bytes.subarray(-MAC_BYTES))) throw invalid()
      return head.toString('utf8', 1)
    },
  }
}

function invalid(): Problem {
  const detail =
    'this cursor was not given out for this list: repeat the parameters of the first page, or leave it out to begin anew'
  return new Problem(400, 'cursor_invalid', detail)
}
