/** What the first process tells a worker. */
export type Order<Given> =
  | { readonly order: 'begin'; readonly begin: Begin<Given> }
  /** Close as at SIGTERM. */
  | { readonly order: 'close' }
  /** Close as soon as nobody is harmed: another one has the place. */
  | { readonly order: 'leave' }
  /** Go: no connection is on its way to you any more. */
  | { readonly order: 'go' }
  /** What another worker tells all. */
  | { readonly order: 'hear'; readonly news: unknown }

/** How a worker begins. */
export interface Begin<Given> {
  /** What the first process has opened for all. */
  readonly given: Given
  /** Others serve: it listens when it is ready, and not before. */
  readonly waits: boolean
}

/** What a worker says when it serves. */
export interface Ready {
  readonly word: 'ready'
  /** Where it listens. */
  readonly addresses: { readonly address: string; readonly adminAddress?: string | undefined }
}

/** What a worker tells the first process. */
export type Word =
  | Ready
  /** It does not listen any more. */
  | { readonly word: 'deaf' }
  /** For all other workers. */
  | { readonly word: 'tell'; readonly news: unknown }

/** How a process has ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: string | null
}
