import cluster from 'node:cluster'
import type { Begin, Order, Ready, Word } from './messages.ts'

/** This process, as one of several workers. */
export interface Membership<Given> {
  /** As the first process calls it. */
  readonly id: number
  /** How it begins. */
  readonly begin: Promise<Begin<Given>>
  /** Tells the first process that requests are served. */
  ready(addresses: Ready['addresses']): void
  /**
   * To be called when it does not listen any more. Returns when no connection is on its way here: one
   * that the first process had sent before it heard of that has been given back.
   */
  part(): Promise<void>
  /** Tells all other workers. */
  tell(news: unknown): void
  /** Calls `listener` with what another worker tells all. */
  onNews(listener: (news: unknown) => void): void
  /** Calls `listener` once: at an order to close or to leave, or when the first process is gone. */
  onEnd(listener: (how: 'close' | 'leave' | 'orphaned') => void): void
}

/** The membership of this process; undefined when it is the first one. */
export function findMembership<Given>(): Membership<Given> | undefined {
  const { worker } = cluster
  if (worker === undefined) return undefined
  const begin = Promise.withResolvers<Begin<Given>>()
  const listeners: ((news: unknown) => void)[] = []
  const go = Promise.withResolvers<void>()
  const end = Promise.withResolvers<'close' | 'leave' | 'orphaned'>()
  process.on('message', (message: Order<Given>) => {
    if (message.order === 'begin') begin.resolve(message.begin)
    else if (message.order === 'go') go.resolve()
    else if (message.order === 'hear') for (const hear of listeners) hear(message.news)
    else end.resolve(message.order)
  })
  worker.on('disconnect', () => {
    // Else Node ends the process here and now, with all requests under way.
    worker.exitedAfterDisconnect = true
    end.resolve('orphaned')
    go.resolve()
  })
  // Without the first process there is nobody to tell.
  const say = (word: Word) => void worker.send(word, () => {})
  return {
    id: worker.id,
    begin: begin.promise,
    ready: (addresses) => say({ word: 'ready', addresses }),
    part() {
      say({ word: 'deaf' })
      return go.promise
    },
    tell: (news) => say({ word: 'tell', news }),
    onNews: (listener) => void listeners.push(listener),
    onEnd: (listener) => void end.promise.then(listener),
  }
}
