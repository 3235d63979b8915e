/** Something that ended, as the feed says it. Instants are seconds since the epoch, with a fraction. */
export type Entry =
  | { readonly kind: 'sid' | 'jti'; readonly name: string; readonly exp: number }
  | { readonly kind: 'kid'; readonly name: string; readonly exp: number }
  | {
      readonly kind: 'sub' | 'client_id'
      readonly name: string
      readonly exp: number
      /** What started before it has ended. */
      readonly before: number
      /** The same for tokens without a session. */
      readonly issuedBefore: number
    }

/** One answer of the feed, or one event of its stream. */
export interface FeedAnswer {
  /** When the issuer last looked, in seconds since the epoch. */
  readonly asOf: number
  /** The number that this continues; 0 from the beginning. */
  readonly since: number
  /** Up to which number everything is in here, or came before. */
  readonly seq: number
  /** There is more at once. */
  readonly more: boolean
  readonly entries: readonly Entry[]
}

/**
 * Reads what a list of revocations says, its signature verified already. All or nothing: half a list
 * that counts as a whole one would let ended sessions pass. Entries of a kind that is not known are left
 * out, so that a newer issuer can say more.
 * @throws Error that names what is wrong
 */
export function readAnswer(payload: Record<string, unknown>): FeedAnswer {
  const { entries, more } = payload
  if (typeof more !== 'boolean') throw wrong('more')
  if (!Array.isArray(entries)) throw wrong('entries')
  return {
    asOf: instant(payload, 'as_of'),
    since: sequenceNumber(payload, 'since'),
    seq: sequenceNumber(payload, 'seq'),
    more,
    entries: entries.flatMap((entry) => readEntry(entry) ?? []),
  }
}

const KINDS = ['sid', 'jti', 'kid', 'sub', 'client_id'] as const

/** Undefined for a kind that is not known: none of the names, or several at once. */
function readEntry(entry: unknown): Entry | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw wrong('entries')
  const fields = entry as Record<string, unknown>
  const [kind, ...others] = KINDS.filter((name) => fields[name] !== undefined)
  if (kind === undefined || others.length > 0) return undefined
  const name = fields[kind]
  if (typeof name !== 'string' || name === '') throw wrong(kind)
  const exp = instant(fields, 'exp')
  if (kind !== 'sub' && kind !== 'client_id') return { kind, name, exp }
  const before = instant(fields, 'before')
  const issuedBefore =
    fields.issued_before === undefined ? before : instant(fields, 'issued_before')
  return { kind, name, exp, before, issuedBefore }
}

function instant(fields: Record<string, unknown>, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw wrong(name)
  return value
}

function sequenceNumber(fields: Record<string, unknown>, name: string): number {
  const value = instant(fields, name)
  if (!Number.isSafeInteger(value)) throw wrong(name)
  return value
}

function wrong(name: string): Error {
  return new Error(`the list of revocations is not as it must be: see its ${name}`)
}
