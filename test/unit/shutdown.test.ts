import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { closeOnSignal } from '../../src/shutdown.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Installs the handlers and takes them out of the process again, to call them by hand. */
function install(t: Test, close: (signal: string) => Promise<void>) {
  mock.timers.enable({ apis: ['setTimeout'] })
  let now = 5_000
  t.capture(performance, 'now', () => now)
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]))
  const exits: number[] = []
  const failures: unknown[] = []
  closeOnSignal({
    close,
    timeoutSeconds: 30,
    exit: (code) => exits.push(code),
    onFailure: (error) => failures.push(error),
  })
  const added = SIGNALS.map((signal) => {
    const fresh = process.listeners(signal).filter((one) => !before.get(signal)?.includes(one))
    for (const one of fresh) process.off(signal, one)
    return [signal, fresh] as const
  })
  t.strictSame(
    added.map(([, fresh]) => fresh.length),
    [1, 1, 1],
    'one listener for each signal',
  )
  t.teardown(() => mock.timers.reset())
  const listeners = new Map(added)
  return {
    exits,
    failures,
    send(signal: (typeof SIGNALS)[number]) {
      for (const listener of listeners.get(signal) ?? []) listener(signal)
    },
    pass(ms: number) {
      now += ms
      mock.timers.tick(ms)
    },
  }
}

/** Lets what was promised happen. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

for (const signal of SIGNALS) {
  t.test(`${signal} closes once and ends the process with 0 when that is done`, async (t) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const closed: string[] = []
    const process = install(t, (given) => {
      closed.push(given)
      return promise
    })
    t.strictSame(closed, [], 'not before it is asked for')
    process.send(signal)
    await settle()
    t.strictSame([closed, process.exits], [[signal], []], 'it waits for what is under way')
    resolve()
    await settle()
    t.strictSame([process.exits, process.failures], [[0], []])
  })
}

t.test('a signal that arrives twice within a second is one', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let closings = 0
  const process = install(t, () => {
    closings += 1
    return promise
  })
  process.send('SIGINT')
  process.send('SIGINT')
  process.pass(1000)
  process.send('SIGTERM')
  await settle()
  t.strictSame([closings, process.exits, process.failures], [1, [], []])
  resolve()
  await settle()
  t.strictSame(process.exits, [0])
})

t.test('a second signal after that ends the process at once', async (t) => {
  const process = install(t, () => new Promise(() => {}))
  process.send('SIGTERM')
  process.pass(1001)
  process.send('SIGINT')
  t.strictSame(process.exits, [1])
  t.match(process.failures, [{ message: 'stopped at once by a second SIGINT' }])
})

t.test('closing that takes too long is cut off', async (t) => {
  const process = install(t, () => new Promise(() => {}))
  process.send('SIGTERM')
  process.pass(29_999)
  t.strictSame(process.exits, [])
  process.pass(1)
  t.strictSame(process.exits, [1])
  t.match(process.failures, [{ message: 'closing took longer than 30 s' }])
})

t.test('closing that fails is told, and ends the process with 1', async (t) => {
  const failure = new Error('the pool did not end')
  const process = install(t, () => Promise.reject(failure))
  process.send('SIGTERM')
  await settle()
  t.strictSame([process.exits, process.failures], [[1], [failure]])
})
