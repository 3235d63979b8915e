/** What the end of a session by a cut-off is called. */
export const cutOffReasons = ['cut_off', 'client_disabled', 'client_deleted'] as const
export type CutOffReason = (typeof cutOffReasons)[number]

/**
 * An instant before which no session of a client counts, and what its end is called. A user's cut-off
 * ends what is there, and is kept to tell.
 */
export interface CutOff {
  /** Milliseconds since the epoch; sessions that started before it have ended. */
  readonly notBefore: number
  readonly reason: CutOffReason
  readonly madeAt: number
}

/** Whose sessions are cut off: a user's, by `sub`, or a client's, by `client_id`. */
export interface CutOffSubject {
  readonly kind: 'user' | 'client'
  readonly id: string
}

/** A cut-off as it was made. */
export interface MadeCutOff extends CutOff, CutOffSubject {
  /** A sub, a client_id or `operator`. */
  readonly madeBy: string
}
