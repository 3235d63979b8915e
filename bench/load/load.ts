import type { Chains } from './chains.ts'

/** What a load generator is to send. */
export interface Load {
  /** Such as `http://127.0.0.1:4321`. */
  readonly origin: string
  /** What is asked, one after the other and again from the first. */
  readonly parts: readonly Part[]
  readonly connections: number
  /** Whole seconds, at least 1. */
  readonly seconds: number
  /** Stops sooner, after about so many answers. */
  readonly atMost?: number | undefined
}

/** A turn of the load: its chains, or the chains whose last values it presents once more. */
export interface Part {
  readonly chains: Chains
  /** Presents what `chains` presented some turns ago, and leaves the chain as it is. */
  readonly again?: boolean
}

/** What came of it. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Answers other than 200, and requests that were not answered. */
  readonly failures: number
  /** What the first of them said, as far as that is known. */
  readonly firstFailure?: string | undefined
  /** Of the load generator, in seconds of one core; undefined where the system does not tell. */
  readonly cpuSeconds: number | undefined
}

/** Sends a load, and leaves the chains at the values that come next. */
export type LoadGenerator = (load: Load) => Promise<LoadResult>
