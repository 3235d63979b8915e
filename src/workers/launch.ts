import cluster from 'node:cluster'
import type { Begin, Ending, Order, Ready, Word } from './messages.ts'

/** A worker, as the first process sees it. */
export interface Launched {
  /** As its lines in the log name it. */
  readonly id: number
  readonly pid: number | undefined
  /** What it said when it was ready; pending if it never is. */
  readonly ready: Promise<Ready>
  readonly ended: Promise<Ending>
  order(order: Order<never>): void
  /** Ends it at once. */
  stop(): void
}

/** Starts one more worker. `tellOthers` is called with what it has for all other workers. */
export type Launch<Given> = (begin: Begin<Given>, tellOthers: (news: unknown) => void) => Launched

/**
 * The first process listens, and hands each connection to the next worker in turn: docs/workers.md has
 * why. Workers are started as this process was, with its arguments and environment.
 */
export function createLaunch<Given>(): Launch<Given> {
  cluster.schedulingPolicy = cluster.SCHED_RR
  return (begin, tellOthers) => {
    const worker = cluster.fork()
    const ready = Promise.withResolvers<Ready>()
    const ended = Promise.withResolvers<Ending>()
    // One that is gone needs no orders.
    const send = (order: Order<Given>) => void worker.send(order, () => {})
    worker.on('message', (word: Word) => {
      if (word.word === 'ready') ready.resolve(word)
      else if (word.word === 'deaf') send({ order: 'go' })
      else tellOthers(word.news)
    })
    worker.on('exit', (code, signal) => ended.resolve({ code, signal }))
    // The system has no room for one more process.
    worker.on('error', () => ended.resolve({ code: 1, signal: null }))
    send({ order: 'begin', begin })
    return {
      id: worker.id,
      pid: worker.process.pid,
      ready: ready.promise,
      ended: ended.promise,
      order: send,
      stop: () => void worker.process.kill('SIGKILL'),
    }
  }
}
