import { VerifyError } from '../errors.ts'
import { tellRefusal } from '../refusals.ts'
import type { VerifiedToken, Verifier } from '../types.ts'
import { readBearer, type Shown } from './bearer.ts'
import type { Required } from './options.ts'

/** A token that was found good, and itself, for calling others in the same name. */
export interface Authenticated extends VerifiedToken {
  readonly token: string
}

/**
 * Verifies the token of a request. Undefined when there is none and none is needed.
 * @throws VerifyError
 */
export async function authenticate(
  verifier: Verifier,
  shown: Shown,
  { optional = false, ...asked }: Required,
): Promise<Authenticated | undefined> {
  let token: string
  try {
    token = readBearer(shown)
  } catch (error) {
    if (optional && error instanceof VerifyError && error.code === 'token_missing') return undefined
    if (error instanceof VerifyError) tellRefusal(verifier, error)
    throw error
  }
  return { ...(await verifier.verify(token, asked)), token }
}
