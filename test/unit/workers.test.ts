import t from 'tap'
import { createCrew, StartFailed } from '../../src/workers/crew.ts'
import type { Launched } from '../../src/workers/launch.ts'
import type { Begin, Ending, Order, Ready } from '../../src/workers/messages.ts'

/** A worker that does what the test says. */
interface Puppet {
  readonly id: number
  readonly begin: Begin<string>
  /** The orders that it was given, and `stop`. */
  readonly orders: string[]
  readonly heard: unknown[]
  ready(): Promise<void>
  end(ending?: Partial<Ending>): Promise<void>
  tell(news: unknown): void
}

/** Lets what was promised happen. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

function createPuppets(count: number) {
  const puppets: Puppet[] = []
  const pauses: { ms: number; over: () => void }[] = []
  const said: string[] = []
  const say = (_: object, message: string) => void said.push(message)
  const launch = (begin: Begin<string>, tell: (news: unknown) => void): Launched => {
    const ready = Promise.withResolvers<Ready>()
    const ended = Promise.withResolvers<Ending>()
    const id = puppets.length + 1
    const orders: string[] = []
    const heard: unknown[] = []
    puppets.push({
      id,
      begin,
      orders,
      heard,
      ready() {
        ready.resolve({ word: 'ready', addresses: { address: `worker ${id}` } })
        return settle()
      },
      end(ending) {
        ended.resolve({ code: 0, signal: null, ...ending })
        return settle()
      },
      tell,
    })
    return {
      id,
      pid: id,
      ready: ready.promise,
      ended: ended.promise,
      order(order: Order<never>) {
        if (order.order === 'hear') heard.push(order.news)
        else orders.push(order.order)
      },
      stop: () => void orders.push('stop'),
    }
  }
  const crew = createCrew({
    count,
    launch,
    logger: { info: say, warn: say, error: say },
    pause: (ms) => new Promise((over) => pauses.push({ ms, over })),
  })
  const puppet = (id: number) => puppets[id - 1] as Puppet
  return { crew, puppets, puppet, pauses, said }
}

/** A crew of which all are ready. */
async function startCrew(count: number) {
  const all = createPuppets(count)
  const started = all.crew.start('a gift')
  for (let id = 1; id <= count; id += 1) {
    await all.puppet(id).ready()
    await settle()
  }
  await started
  return all
}

t.test('workers start one after the other, and each is given the same', async (t) => {
  const { crew, puppets, puppet } = createPuppets(2)
  const started = crew.start('a gift')
  await settle()
  t.equal(puppets.length, 1, 'the first goes ahead')
  await puppet(1).ready()
  await puppet(2).ready()
  t.match(await started, { addresses: { address: 'worker 1' } })
  t.strictSame(
    puppets.map(({ begin }) => begin),
    [
      { given: 'a gift', waits: false },
      { given: 'a gift', waits: true },
    ],
    'who is not alone listens when it is ready',
  )
})

t.test('one that ends before it was ready at the start ends all, with its exit code', async (t) => {
  const { crew, puppet, puppets } = createPuppets(2)
  const failed = crew.start('a gift').catch((error: unknown) => error)
  await puppet(1).end({ code: 78 })
  const error = await failed
  t.ok(error instanceof StartFailed)
  t.match(error, { exitCode: 78, message: 'worker 1 ended before it was ready' })
  t.equal(puppets.length, 1, 'the others never met what it has met')
})

t.test('one that ends is started again, after ever longer pauses', async (t) => {
  const { puppet, puppets, pauses } = await startCrew(2)
  const waited: number[] = []
  for (let id = 2; id <= 8; id += 1) {
    await puppet(id).end({ code: null, signal: 'SIGKILL' })
    t.equal(puppets.length, id, 'not at once')
    const pause = pauses.shift()
    waited.push(pause?.ms ?? 0)
    pause?.over()
    await settle()
    t.equal(puppets.length, id + 1)
  }
  t.strictSame(waited, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  await puppet(1).end({ code: 1 })
  t.equal(pauses[0]?.ms, 1_000, 'the other place has its own pauses')
})

t.test('the last one is replaced by one that listens at once', async (t) => {
  const { puppet, pauses } = await startCrew(1)
  await puppet(1).end({ code: 1 })
  pauses[0]?.over()
  await settle()
  t.equal(puppet(2).begin.waits, false)
})

t.test('a roll replaces one after the other, each by one that is ready', async (t) => {
  const { crew, puppet, puppets, pauses } = await startCrew(2)
  const rolled = crew.roll()
  t.strictSame([puppets.length, puppet(1).orders], [3, []], 'the old one goes on meanwhile')
  await puppet(3).ready()
  t.strictSame([puppets.length, puppet(1).orders], [3, ['leave']])
  await puppet(1).end()
  await puppet(4).ready()
  t.strictSame([puppet(2).orders, puppet(3).orders], [['leave'], []])
  await puppet(2).end()
  await rolled
  t.strictSame([puppets.length, pauses.length], [4, 0], 'who left is not started again')
})

t.test('a roll is given up when a new one does not become ready', async (t) => {
  const { crew, puppet, puppets, pauses, said } = await startCrew(2)
  const rolled = crew.roll()
  await puppet(3).end({ code: 1 })
  await rolled
  t.strictSame([puppets.length, puppet(1).orders, puppet(2).orders], [3, [], []])
  t.equal(pauses.length, 0, 'nobody is missing')
  t.match(said.at(-1), 'a new worker ended before it was ready')
})

t.test('of rolls asked for during one, one follows', async (t) => {
  const { crew, puppet, puppets } = await startCrew(1)
  const rolled = crew.roll()
  await Promise.all([crew.roll(), crew.roll()])
  await puppet(2).ready()
  await puppet(1).end()
  await puppet(3).ready()
  await puppet(2).end()
  await rolled
  t.equal(puppets.length, 3)
})

t.test('what one tells, all others hear', async (t) => {
  const { puppet } = await startCrew(3)
  puppet(2).tell('a failed login')
  t.strictSame(
    [puppet(1).heard, puppet(2).heard, puppet(3).heard],
    [['a failed login'], [], ['a failed login']],
  )
})

t.test('closing waits for all, and starts nobody again', async (t) => {
  const { crew, puppet, puppets, pauses } = await startCrew(2)
  await puppet(1).end({ code: 1 })
  const closed = crew.close()
  t.strictSame(puppet(2).orders, ['close'])
  pauses[0]?.over()
  await puppet(2).end()
  await closed
  t.equal(puppets.length, 2)
})

t.test('one that did not close cleanly is told of', async (t) => {
  const { crew, puppet } = await startCrew(2)
  const failed = t.rejects(crew.close(), { message: 'workers did not close cleanly: 2' })
  await puppet(1).end()
  await puppet(2).end({ code: 1 })
  await failed
})

t.test('at the end whoever still runs is stopped', async (t) => {
  const { crew, puppet } = await startCrew(2)
  await puppet(1).end()
  crew.stop()
  t.strictSame([puppet(1).orders, puppet(2).orders], [[], ['stop']])
})
