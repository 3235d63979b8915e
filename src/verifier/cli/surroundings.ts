/** What a command uses of its process. */
export interface Surroundings {
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** All of standard input. */
  readonly readInput: () => Promise<string>
  /** The text of a file; throws where there is none. */
  readonly readFile: (path: string) => Promise<string>
  /** The package's. */
  readonly readVersion: () => Promise<string>
}
