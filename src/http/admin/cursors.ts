import { createHmac } from 'node:crypto'
import { decodeBase64url } from '../../base/encoding.ts'
import { equalInConstantTime } from '../../base/hash.ts'
import type { MasterKeys } from '../../keys/master-keys.ts'
import { Problem } from '../problem.ts'

/** Says where the next page of a list begins, in a way that nobody else can. */
export interface Cursors {
  /** @param list what is listed, with its filter: a cursor is good for no other list */
  write(list: string, lastId: string): string
  /** The id that the next page comes after. Throws a problem `cursor_invalid`. */
  read(list: string, cursor: string): string
}

const UUID_BYTES = 16
const MAC_BYTES = 16
const LENGTH = 1 + UUID_BYTES + MAC_BYTES

/** A cursor is the id of a master key, that of the last row and a MAC under the key. */
export function createCursors({ masterKeys }: { masterKeys: MasterKeys }): Cursors {
  const mac = (list: string, head: Buffer): Buffer | undefined => {
    const key = masterKeys.derive(head.readUInt8(0), 'cursor')
    const sum = key && createHmac('sha256', key).update(head).update(list).digest()
    return sum?.subarray(0, MAC_BYTES)
  }
  return {
    write(list, lastId) {
      const id = Buffer.from(lastId.replaceAll('-', ''), 'hex')
      const head = Buffer.concat([Buffer.of(masterKeys.first), id])
      return Buffer.concat([head, mac(list, head) as Buffer]).toString('base64url')
    },
    read(list, cursor) {
      const bytes = decodeBase64url(cursor)
      if (bytes?.length !== LENGTH) throw invalid()
      const head = bytes.subarray(0, 1 + UUID_BYTES)
      const expected = mac(list, head)
      if (!expected || !equalInConstantTime(expected, bytes.subarray(head.length))) throw invalid()
      return head.toString('hex', 1).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    },
  }
}

function invalid(): Problem {
  const detail =
    'this cursor was not given out for this list: repeat the parameters of the first page, or leave it out to begin anew'
  return new Problem(400, 'cursor_invalid', detail)
}
