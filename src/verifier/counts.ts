import type { VerifyError } from './errors.ts'

/** What a verifier has done. */
export interface Counts {
  verified(fromCache: boolean): void
  refused(error: VerifyError): void
  read(): { verified: number; fromCache: number; refused: Readonly<Record<string, number>> }
}

/** @param onRefused hears of each refusal; does not throw */
export function createCounts(onRefused: (error: VerifyError) => void): Counts {
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
      onRefused(error)
    },
    read: () => ({ verified, fromCache, refused: Object.fromEntries(codes) }),
  }
}
