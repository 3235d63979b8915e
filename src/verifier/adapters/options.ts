import type { Verifier, VerifierOptions, VerifyOptions } from '../types.ts'
import { createVerifier } from '../verifier.ts'

/** A verifier that is there already, or what to make one of; and how much callers are told. */
export type AdapterOptions = (VerifierOptions | { readonly verifier: Verifier }) & {
  /** Tells callers `expected`, `actual` and `hint`, too; for development. Off if not given. */
  readonly exposeDetails?: boolean
}

/** What a route wants of its requests. */
export interface Required extends VerifyOptions {
  /** Requests without any token pass, too; one that is shown must still be good. */
  readonly optional?: boolean
}

export interface Adapter {
  readonly verifier: Verifier
  readonly exposeDetails: boolean
  /** Lets go of the verifier, if it was made here. */
  close(): void
}

/** Throws a TypeError that says what is wrong with the options. */
export function settleAdapter(options: AdapterOptions): Adapter {
  const { exposeDetails = false, ...rest } = options
  if (!('verifier' in rest)) {
    const verifier = createVerifier(rest)
    return { verifier, exposeDetails, close: () => verifier.close() }
  }
  return { verifier: rest.verifier, exposeDetails, close: () => {} }
}
