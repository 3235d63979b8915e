import t from 'tap'
import { type Level, tightest, toFields } from '../../src/http/limits/level.ts'

const level = (remaining: number, resetSeconds = 60, exceeded = false): Level => ({
  bucket: 'refresh',
  what: 'refreshes of this session',
  limit: 300,
  windowSeconds: 60,
  remaining,
  resetSeconds,
  exceeded,
})

t.test('the tightest level leaves least, and of equals lasts longest', async (t) => {
  t.equal(tightest([]), undefined)
  t.equal(tightest([undefined]), undefined)
  const [much, little, later, over] = [level(9), level(1), level(1, 90), level(0, 5, true)]
  t.equal(tightest([much, undefined, little]), little)
  t.equal(tightest([little, later, much]), later)
  t.equal(tightest([later, over, level(0, 90)]), over)
})

t.test('a level is told in the fields of the draft and in those of its predecessors', async (t) => {
  t.strictSame(toFields(level(297, 34)), {
    'ratelimit-policy': '"refresh";q=300;w=60',
    ratelimit: '"refresh";r=297;t=34',
    'ratelimit-limit': '300',
    'ratelimit-remaining': '297',
    'ratelimit-reset': '34',
  })
})
