/** A limit as one request meets it: it is asked before the work and told of what counts after it. */
export interface Gate {
  /** Throws the refusal that the caller is to be given when the limit is reached. */
  pass(): Promise<void>
  /** Counts one. Never throws. */
  count(): Promise<void>
}
