import t from 'tap'
import { masterKeyList } from '../../src/config/master-keys.ts'

const KEY = Buffer.from('8f1c02d97ab3e4560b9d3877c5f2a16e4d0933be71c8fa25906ce71fd43a5b88', 'hex')
const OTHER = Buffer.from('e07716fb4a92c83dd15f086b39b4ee2175c30c8a6492fd50a81ebb4709d63f9c', 'hex')
const FIRST = KEY.toString('base64')
const SECOND = OTHER.toString('base64')

t.test('several master keys keep their order, in either base64 alphabet', async (t) => {
  t.strictSame(masterKeyList(`255:${OTHER.toString('base64url')}, 1:${FIRST}`), {
    value: [
      { id: 255, key: OTHER },
      { id: 1, key: KEY },
    ],
  })
})

t.test('a key may be retired, but not the first', async (t) => {
  t.strictSame(masterKeyList(`2:${FIRST},1:retired`), {
    value: [
      { id: 2, key: KEY },
      { id: 1, key: 'retired' },
    ],
  })
})

const REFUSED: [text: string, problem: RegExp][] = [
  ['changeme', /placeholder/],
  ['1:secret', /placeholder/],
  [`1:${'change-me'.repeat(5).slice(0, 43)}`, /placeholder/],
  ['1:$(openssl rand -base64 32)', /32 bytes/],
  [`1:${KEY.subarray(1).toString('base64')}`, /32 bytes/],
  [`1:${Buffer.concat([KEY, KEY]).toString('base64')}`, /32 bytes/],
  [`1:${KEY.toString('hex')}`, /32 bytes/],
  [`1:${Buffer.alloc(32, 7).toString('base64')}`, /not drawn at random/],
  [`1:${Buffer.from([...Array(32).keys()]).toString('base64')}`, /not drawn/],
  [`1:${Buffer.from(KEY.map((byte) => byte & 0x2a)).toString('base64')}`, /not drawn/],
  [`1:${Buffer.alloc(32, KEY.subarray(0, 15)).toString('base64')}`, /not drawn/],
  [`1:${Buffer.from('The quick brown fox jumps over 1').toString('base64')}`, /not/],
  [FIRST, /number from 1 to 255/],
  [`0:${FIRST}`, /number from 1 to 255/],
  [`01:${FIRST}`, /number from 1 to 255/],
  [`256:${FIRST}`, /number from 1 to 255/],
  [`1:${FIRST},`, /^entry 2 must start/],
  [`1:${FIRST},2:${FIRST}`, /^entry 2 \(id 2\) repeats an earlier key/],
  [`1:${FIRST},1:${SECOND}`, /^entry 2 \(id 1\) repeats .* id/],
  [`1:retired,2:${FIRST}`, /^entry 1 \(id 1\) is retired/],
  [`1:${FIRST},1:retired`, /^entry 2 \(id 1\) repeats .* id/],
  ['1:short,2:alsoshort', /^entry 1 .*; entry 2 /],
]

for (const [text, problem] of REFUSED) {
  t.test(`MASTER_KEYS refuses ${text}`, async (t) => {
    const reading = masterKeyList(text)
    t.match(reading, { problem })
    t.notOk(JSON.stringify(reading).includes(FIRST.slice(0, 12)), 'nothing of a key is shown')
  })
}
