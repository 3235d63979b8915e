import { type TSchema, Type } from 'typebox'

/** Marks, inside a schema, a header field that the answer always has; the document says `required`. */
export const ALWAYS = 'x-always'

/** A header field of an answer, with an example. */
export function header(description: string, example: string): TSchema {
  return Type.String({ description, examples: [example] })
}

/** A header field that the answer always has. */
export function headerAlways(description: string, example: string): TSchema {
  return { ...header(description, example), [ALWAYS]: true }
}

/** Of an answer that carries tokens, or speaks of them (RFC 6749 §5.1). */
export const neverStored = { 'Cache-Control': headerAlways('No cache keeps it.', 'no-store') }
