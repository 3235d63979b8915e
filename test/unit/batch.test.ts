import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createBatch } from '../../src/db/batch.ts'
import { DatabaseUnavailable } from '../../src/db/failure.ts'

/** A batch whose statements are answered by hand. */
function createAsked() {
  const sent: { items: readonly number[]; answer: () => void; fail: (error: Error) => void }[] = []
  const ask = createBatch((items: readonly number[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    sent.push({ items, answer: () => resolve(items.map((item) => item * 10)), fail: reject })
    return promise
  })
  return { ask, sent, items: () => sent.map(({ items }) => items) }
}

t.test('who come in one turn share a statement, and each gets its own answer', async (t) => {
  const { ask, sent, items } = createAsked()
  const answers = Promise.all([ask(1), ask(2), ask(3)])
  await turn()
  t.strictSame(items(), [[1, 2, 3]])
  sent[0]?.answer()
  t.strictSame(await answers, [10, 20, 30])
})

t.test('two are under way at most; who come meanwhile go out together', async (t) => {
  const { ask, sent, items } = createAsked()
  const first = ask(1)
  await turn()
  const second = ask(2)
  await turn()
  const later = [ask(3), ask(4)]
  await turn()
  later.push(ask(5))
  await turn()
  t.strictSame(items(), [[1], [2]])
  sent[1]?.answer()
  t.equal(await second, 20, 'the later one may be answered first')
  await turn()
  t.strictSame(items(), [[1], [2], [3, 4, 5]])
  sent[0]?.answer()
  sent[2]?.answer()
  t.strictSame(await Promise.all([first, ...later]), [10, 30, 40, 50])
})

t.test('no statement grows beyond 256', async (t) => {
  const { ask, sent } = createAsked()
  const answers = Promise.all(Array.from({ length: 600 }, (_, n) => ask(n)))
  await turn()
  sent[0]?.answer()
  await turn()
  for (const { answer } of sent) answer()
  t.equal((await answers).length, 600)
  t.strictSame(
    sent.map(({ items }) => items.length),
    [256, 256, 88],
  )
})

t.test('an outage is everybody’s, and the next statement goes out all the same', async (t) => {
  const { ask, sent, items } = createAsked()
  const answers = [ask(1), ask(2)]
  await turn()
  const outage = new DatabaseUnavailable(new Error('away'), true)
  sent[0]?.fail(outage)
  for (const answer of answers) await t.rejects(answer, outage)
  const next = ask(3)
  await turn()
  t.strictSame(items(), [[1, 2], [3]])
  sent[1]?.answer()
  t.equal(await next, 30)
})

t.test('of a statement that is refused only the one to blame is refused', async (t) => {
  const ask = createBatch(async (items: readonly number[]) => {
    if (items.includes(2)) throw new Error('2 cannot be')
    return items
  })
  const answers = await Promise.allSettled([ask(1), ask(2), ask(3)])
  t.match(answers, [{ value: 1 }, { reason: { message: '2 cannot be' } }, { value: 3 }])
})
