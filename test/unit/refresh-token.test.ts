import { createHmac, type KeyObject } from 'node:crypto'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { base62 } from '../../src/base/encoding.ts'
import { sha256 } from '../../src/base/hash.ts'
import { createMasterKeys, MasterKeyMissing } from '../../src/keys/master-keys.ts'
import { createRefreshTokens, type RefreshToken } from '../../src/sessions/refresh-token.ts'
import { createSeededRandom } from '../support/random.ts'

const master = (id: number) => ({ id, key: createSeededRandom(`master ${id}`).bytes(32) })
const make = (ids: number[], seed = 'seed') =>
  createRefreshTokens({
    masterKeys: createMasterKeys(ids.map(master)),
    random: createSeededRandom(seed),
  })
const bytesOf = (value: string) => Buffer.from(value.slice(6, -6), 'base64url')
const encode = (bytes: Buffer) => {
  const text = `mm_rt_${bytes.toString('base64url')}`
  return `${text}${base62(crc32(text))}`
}

function read(parsed: RefreshToken | undefined): RefreshToken {
  if (parsed === undefined) throw new Error('the value was refused')
  return parsed
}

t.test('the value is laid out as its documentation says', async (t) => {
  const tokens = make([3])
  const { value, handleHash } = tokens.draw()
  t.equal(value.length, 63)
  t.match(value, /^mm_rt_[A-Za-z0-9_-]{51}[0-9A-Za-z]{6}$/)
  const bytes = bytesOf(value)
  t.equal(bytes.length, 38)
  t.equal(bytes[0], 1, 'version')
  t.equal(bytes[1], 3, 'key id')
  t.strictSame(sha256(bytes.subarray(2, 18)), handleHash, 'handle')
  t.equal(bytes.readUInt32BE(18), 0, 'generation')
  const key = createMasterKeys([master(3)]).derive(3, 'refresh-token') as KeyObject
  const mac = createHmac('sha256', key).update(bytes.subarray(0, 22)).digest().subarray(0, 16)
  t.strictSame(bytes.subarray(22), mac, 'mac over everything before it')
  t.equal(value.slice(-6), base62(crc32(value.slice(0, -6))), 'checksum')
  t.equal(encode(bytes), value)
  t.match(tokens.parse(value), { handleHash, generation: 0 })
})

t.test('every value drawn is another', async (t) => {
  const tokens = make([1])
  const values = Array.from({ length: 100 }, () => tokens.draw().value)
  t.equal(new Set(values).size, 100)
})

t.test('the successor is computed: the same from everyone, whenever asked', async (t) => {
  const here = make([1], 'here')
  const there = make([1], 'there')
  const first = here.draw()
  let value = first.value
  const seen = new Set([value])
  for (let generation = 0; generation < 20; generation += 1) {
    const one = read(here.parse(value))
    const other = read(there.parse(value))
    t.equal(one.generation, generation)
    t.strictSame(one.handleHash, first.handleHash, 'it stays the same session')
    t.equal(one.successor(), other.successor(), 'both replicas give the same')
    t.equal(one.successor(), one.successor())
    value = one.successor()
    seen.add(value)
  }
  t.equal(seen.size, 21)
  const old = read(here.parse(first.value))
  t.equal(old.generation, 0, 'a predecessor is known as one without having been stored')
})

t.test('a generation beyond the fourth byte is still a generation', async (t) => {
  const tokens = make([1])
  const bytes = bytesOf(tokens.draw().value)
  bytes.writeUInt32BE(0x01ffffff, 18)
  const key = createMasterKeys([master(1)]).derive(1, 'refresh-token') as KeyObject
  createHmac('sha256', key).update(bytes.subarray(0, 22)).digest().copy(bytes, 22, 0, 16)
  const parsed = read(tokens.parse(encode(bytes)))
  t.equal(parsed.generation, 0x01ffffff)
  t.equal(read(tokens.parse(parsed.successor())).generation, 0x02000000)
})

t.test('no character can be changed, left out, doubled or added', async (t) => {
  const tokens = make([1])
  const { value } = tokens.draw()
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ =+/.\n\0é'
  const accepted: string[] = []
  const attempt = (text: string) => {
    if (text !== value && tokens.parse(text) !== undefined) accepted.push(text)
  }
  let tried = 0
  for (let at = 0; at < value.length; at += 1) {
    for (const character of alphabet) {
      attempt(value.slice(0, at) + character + value.slice(at + 1))
      attempt(value.slice(0, at) + character + value.slice(at))
      tried += 2
    }
    attempt(value.slice(0, at) + value.slice(at + 1))
    attempt(value.slice(0, at))
  }
  for (const character of alphabet) attempt(value + character)
  t.strictSame(accepted, [])
  t.equal(tried, 63 * 72 * 2)
})

t.test('no bit can be changed, even with the right checksum', async (t) => {
  const tokens = make([1, 2])
  const bytes = bytesOf(tokens.draw().value)
  const accepted: number[] = []
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    try {
      if (tokens.parse(encode(changed)) !== undefined) accepted.push(bit)
    } catch (error) {
      const isOfKeyId = bit >> 3 === 1
      if (!isOfKeyId || !(error instanceof MasterKeyMissing)) throw error
    }
  }
  t.strictSame(accepted, [])
  t.ok(tokens.parse(encode(bytes)), 'the unchanged one is accepted')
  for (const length of [0, 2, 22, 37, 39, 76]) {
    const longer = Buffer.concat([bytes, bytes]).subarray(0, length)
    t.equal(tokens.parse(encode(longer)), undefined, `${length} bytes`)
  }
})

t.test('garbage is refused', async (t) => {
  const tokens = make([1])
  const garbage = ['', 'mm_rt_', 'mm_cs_x', 'x'.repeat(63), 'mm_rt_'.repeat(20), '\0'.repeat(63)]
  for (const text of garbage) t.equal(tokens.parse(text), undefined, JSON.stringify(text))
  const { value } = tokens.draw()
  t.equal(tokens.parse(value.toUpperCase()), undefined)
  t.equal(tokens.parse(`mm_cs_${value.slice(6)}`), undefined)
})

t.test('the first master key issues and all of them verify', async (t) => {
  const before = make([1])
  const both = make([2, 1])
  const after = make([2])
  const { value, handleHash } = before.draw()
  const parsed = read(both.parse(value))
  t.strictSame(parsed.handleHash, handleHash, 'a value from before the change still works')
  const successor = parsed.successor()
  t.equal(bytesOf(successor)[1], 2, 'and its successor is made under the new key')
  t.throws(() => after.parse(value), { name: 'MasterKeyMissing', id: 1, message: /with id 1,/ })
  const retired = createRefreshTokens({
    masterKeys: createMasterKeys([master(2), { id: 1, key: 'retired' }]),
    random: createSeededRandom('retired'),
  })
  t.equal(retired.parse(value), undefined, 'the old key is gone, and so are its values')
  t.match(retired.parse(successor), { generation: 1, handleHash })
  t.match(after.parse(successor), { generation: 1, handleHash })
  t.throws(() => before.parse(successor), MasterKeyMissing, 'it may be that of another replica')
  const bytes = bytesOf(value)
  bytes[1] = 0
  t.equal(before.parse(encode(bytes)), undefined, 'no key has the id 0')
  t.equal(bytesOf(both.draw().value)[1], 2)
})

t.test('another key under the same id verifies nothing', async (t) => {
  const { value } = make([1]).draw()
  const masterKeys = createMasterKeys([{ ...master(9), id: 1 }])
  const others = createRefreshTokens({ masterKeys, random: createSeededRandom('x') })
  t.equal(others.parse(value), undefined)
})
