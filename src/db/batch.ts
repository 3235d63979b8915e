import { DatabaseUnavailable } from './failure.ts'

/** More in one statement are no cheaper each, and all of them wait for the last. */
const MOST = 256
/** While one is on its way back, the database works on the other. */
const UNDER_WAY = 2

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets those who ask at once share a statement: as long as two are under way, whoever comes waits for
 * the next, which takes them all. There is no timer: who comes alone waits for nobody.
 *
 * Whoever asks is answered by a statement that began afterwards, so it sees all that was committed
 * before. Fails as `send` does; of a statement that was refused, each is asked again by itself, since
 * only one of them may be to blame.
 * @param send asks for these, one or more, and returns their answers in the same order
 */
export function createBatch<Item, Result>(
  send: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  const queue: Waiting<Item, Result>[] = []
  let underWay = 0
  let isDue = false

  const ask = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await send(batch.map(({ item }) => item))
      for (const [n, { resolve }] of batch.entries()) resolve(results[n] as Result)
    } catch (error) {
      if (batch.length === 1 || error instanceof DatabaseUnavailable) {
        for (const { reject } of batch) reject(error)
      } else {
        await Promise.all(batch.map((one) => ask([one])))
      }
    }
  }

  const begin = () => {
    isDue = false
    while (underWay < UNDER_WAY && queue.length > 0) {
      underWay += 1
      void ask(queue.splice(0, MOST)).then(() => {
        underWay -= 1
        begin()
      })
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject })
      if (isDue || underWay === UNDER_WAY) return
      // At the end of this turn of the event loop: its other requests were read together with this one.
      isDue = true
      setImmediate(begin)
    })
}
