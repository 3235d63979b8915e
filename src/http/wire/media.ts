import type { TSchema } from 'typebox'

/** Examples by name: what each shows, as a request or an answer has it. */
export type Examples = Readonly<Record<string, { summary: string; value: object }>>

/** Where, inside the schema of a body, its examples stand for the document. */
export const EXAMPLES = 'x-examples'

/** The body of a request that may come as a form or as JSON. */
export function inFormOrJson(schema: TSchema, examples: Examples) {
  return {
    content: {
      // Swagger UI fills each optional field of a form with the word "string", whatever the examples
      // say; to a choice of schemas it gives the first example.
      'application/x-www-form-urlencoded': {
        schema: { ...('anyOf' in schema ? schema : { anyOf: [schema] }), [EXAMPLES]: examples },
      },
      'application/json': { schema: { ...schema, [EXAMPLES]: examples } },
    },
  }
}

/** A JSON answer, with its examples and its header fields. */
export function inJson(
  description: string,
  schema: TSchema,
  examples: Examples,
  headers: Record<string, TSchema> = {},
) {
  return { description, headers, content: { 'application/json': { schema, examples } } }
}
