import type { VerifyError } from './errors.ts'

/** What a verifier has done. */
export interface Counts {
  verified(fromCache: boolean): void
  refused(error: VerifyError): void
  read(): { verified: number; fromCache: number; refused: Readonly<Record<string, number>> }
}

/** @param onRefused hears of each refusal; what it throws does not concern the token */
export function createCounts(onRefused: ((error: Error) => void) | undefined): Counts {
  const codes = new Map<string, number>()
  let verified = 0
  let fromCache = 0
  return {
    verified(isFromCache) {
      verified += 1
      if (isFromCache) fromCache += 1
    },
    refused(error) {
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1)
      try {
        onRefused?.(error)
      } catch {
        // A log that fails must not let a token pass, nor make 401 of it a 500.
      }
    },
    read: () => ({ verified, fromCache, refused: Object.fromEntries(codes) }),
  }
}
