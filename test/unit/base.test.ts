import t from 'tap'
import { createCorrectedClock } from '../../src/base/clock.ts'
import { formatDuration, parseDuration } from '../../src/base/duration.ts'
import { base62, base64url, decodeBase64url } from '../../src/base/encoding.ts'
import { equalInConstantTime, sha256 } from '../../src/base/hash.ts'
import { fraction, type Random, uuidV7 } from '../../src/base/random.ts'
import { parseInstant } from '../../src/base/times.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createSeededRandom } from '../support/random.ts'

const always = (byte: number): Random => ({ bytes: (length) => Buffer.alloc(length, byte) })

t.test('an instant is a date-time of RFC 3339, and a day that there is', async (t) => {
  for (const [text, iso] of Object.entries({
    '2026-11-21T12:00:00Z': '2026-11-21T12:00:00.000Z',
    '2026-11-21t12:00:00.5z': '2026-11-21T12:00:00.500Z',
    '2024-02-29T23:59:59.123456789-00:30': '2024-03-01T00:29:59.123Z',
    '0001-01-01T00:00:00Z': '0001-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59+00:00': '9999-12-31T23:59:59.000Z',
  })) {
    t.equal(new Date(parseInstant(text) ?? Number.NaN).toISOString(), iso, text)
  }
  for (const text of [
    ...['', 'noon', '2026-11-21', '2026-11-21T12:00Z', '2026-11-21T12:00:00', '1795262179'],
    ...['2026-02-30T00:00:00Z', '2025-02-29T00:00:00Z', '2026-13-01T00:00:00Z'],
    ...['2026-11-21T24:00:00Z', '2026-11-21T12:60:00Z', '2016-12-31T23:59:60Z'],
    ...['2026-11-21 12:00:00Z', '2026-11-21T12:00:00 Z', '2026-11-21T12:00:00Z\n'],
    ...['2026-11-21T12:00:00+24:00', '2026-11-21T12:00:00+0100', '2026-11-21T12:00:00.Z'],
    ...['0000-06-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'],
    '+02026-11-21T12:00:00Z',
  ]) {
    t.equal(parseInstant(text), undefined, JSON.stringify(text))
  }
})

t.test('a duration is a whole number and one unit', async (t) => {
  const read = { '0s': 0, '1s': 1, '30s': 30, '10m': 600, '24h': 86_400, '14d': 1_209_600 }
  for (const [text, seconds] of Object.entries(read)) t.equal(parseDuration(text), seconds, text)
  const refused = ['', '10', 's', '01s', '+1s', '-1s', '1.5h', '1 m', ' 1m', '1m ', '1M', '1w']
  for (const text of [...refused, '1m\n', '10000000s', '1h30m', '１m', '1e3s']) {
    t.equal(parseDuration(text), undefined, JSON.stringify(text))
  }
})

t.test('a duration is written in its largest whole unit, and reads back', async (t) => {
  const written = { 0: '0s', 1: '1s', 59: '59s', 60: '1m', 90: '90s', 3600: '1h', 86400: '1d' }
  for (const [seconds, text] of Object.entries(written)) {
    t.equal(formatDuration(Number(seconds)), text)
    t.equal(parseDuration(text), Number(seconds), `${text} reads back`)
  }
})

t.test('base64url has one spelling for each byte string', async (t) => {
  for (const length of [0, 1, 2, 3, 16, 38]) {
    const bytes = createSeededRandom(t.name).bytes(length)
    t.strictSame(decodeBase64url(base64url(bytes)), bytes, `${length} bytes`)
  }
  t.equal(base64url(Buffer.from([0xfb, 0xff])), '-_8')
  // The last ones decode to the bytes of `-_8` and `AA` in Node, by bits that nobody looks at.
  for (const text of ['+/8', '-_8=', '-_8 ', '-_\n8', '-_8.', 'A', '-_9', 'AB']) {
    t.equal(decodeBase64url(text), undefined, JSON.stringify(text))
  }
})

t.test('a checksum is six base62 characters, whatever the number', async (t) => {
  t.equal(base62(0), '000000')
  t.equal(base62(61), '00000z')
  t.equal(base62(62), '000010')
  t.equal(base62(2 ** 32 - 1), '4gfFC3')
})

t.test('hashes are SHA-256 and compared by content', async (t) => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  t.equal(sha256('abc').toString('hex'), abc, 'the example of FIPS 180-2')
  t.strictSame(sha256(Buffer.from('abc')), sha256('abc'))
  t.ok(equalInConstantTime(Buffer.from('abc'), Buffer.from('abc')))
  t.notOk(equalInConstantTime(Buffer.from('abc'), Buffer.from('abd')))
  t.notOk(equalInConstantTime(Buffer.from('abc'), Buffer.from('abcd')), 'lengths may differ')
})

t.test('a UUID of version 7 carries its instant and sorts by it', async (t) => {
  const at = Date.UTC(2026, 10, 21, 12)
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  for (const byte of [0x00, 0x55, 0xff]) {
    const uuid = uuidV7(at, always(byte))
    t.match(uuid, form, 'version and variant stand whatever was drawn')
    t.equal(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16), at)
  }
  t.ok(
    uuidV7(at, always(0xff), 1) < uuidV7(at, always(0), 2),
    'and in one instant what has the greater number',
  )
  t.ok(uuidV7(at, always(0xff)) < uuidV7(at + 1, always(0)), 'later is greater')
  const random = createSeededRandom(t.name)
  const many = Array.from({ length: 1000 }, () => uuidV7(at, random))
  t.equal(new Set(many).size, many.length, 'those of one millisecond differ')
  // The example of RFC 9562, appendix A.6.
  const drawn = Buffer.from('0cc318c4dc0c0c07398f', 'hex')
  const example = uuidV7(0x017f22e279b0, { bytes: () => drawn })
  t.equal(example, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
})

t.test('a fraction is at least 0 and below 1', async (t) => {
  t.equal(fraction(always(0)), 0)
  t.ok(fraction(always(0xff)) < 1)
  t.equal(fraction({ bytes: () => Buffer.from('80000000', 'hex') }), 0.5)
})

t.test('a corrected clock runs with the other one, at the last distance measured', async (t) => {
  const host = createStoppedClock(1_000_000)
  const clock = createCorrectedClock(host)
  t.equal(clock.now(), 1_000_000)
  t.equal(clock.offset, 0)
  clock.correct(-2500)
  t.equal(clock.now(), 997_500)
  host.advance(1)
  t.equal(clock.now(), 998_500)
  clock.correct(40)
  t.equal(clock.offset, 40, 'a correction replaces the one before')
  t.equal(clock.now(), 1_001_040)
})
