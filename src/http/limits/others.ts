import type { Bucket } from './bucket.ts'

/** One more in a bucket, for a key. */
export interface Count {
  readonly bucket: string
  readonly key: string
}

/** The other workers of this process, which count together with this one. */
export interface Others {
  tell(count: Count): void
  /** Calls `listener` with what another one has counted. */
  onCount(listener: (count: Count) => void): void
}

/**
 * A bucket of that name which is as full here as at the others: in memory, so that a guesser who meets
 * `n` workers has no more than one. What is told takes less than a password's hash does.
 */
export function shareCounts(bucket: Bucket, name: string, others: Others | undefined): Bucket {
  if (others === undefined) return bucket
  others.onCount((count) => {
    if (count.bucket === name) bucket.addElsewhere(count.key)
  })
  return {
    ...bucket,
    add(request, key) {
      others.tell({ bucket: name, key })
      return bucket.add(request, key)
    },
  }
}
