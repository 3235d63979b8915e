import { entityTag } from '../../base/hash.ts'
import type { FeedEntry, Page } from './entries.ts'

/** A page of the list as it goes out: a compact JWS (RFC 7515 §3.1). */
export interface FeedAnswer extends Pick<Page, 'since' | 'seq' | 'more'> {
  readonly body: string
  readonly etag: string
}

/** Signs claims by the key that signs by default, under the `typ` of the list. */
export type SignList = (claims: Record<string, unknown>) => Promise<string>

/** Signs a page that was true `asOf` (milliseconds since the epoch, like `now`). */
export type ToAnswer = (page: Page, asOf: number, now: number) => Promise<FeedAnswer>

/** Throws what signing throws. */
export function createToAnswer({ issuer, sign }: { issuer: string; sign: SignList }): ToAnswer {
  return async ({ entries, since, seq, more }, asOf, now) => {
    const body = await sign({
      iss: issuer,
      iat: Math.floor(now / 1000),
      as_of: asOf / 1000,
      since,
      seq,
      more,
      entries: entries.map(toWire),
    })
    return { body, etag: entityTag(body), since, seq, more }
  }
}

/** An entry as verifiers read it; instants are NumericDates (RFC 7519 §2). */
function toWire({ kind, subject, before, issuedBefore, expiresAt }: FeedEntry) {
  return {
    [kind]: subject,
    ...(before !== undefined && { before: before / 1000 }),
    ...(issuedBefore !== undefined && { issued_before: issuedBefore / 1000 }),
    exp: Math.ceil(expiresAt / 1000),
  }
}
