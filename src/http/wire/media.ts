import type { TSchema } from 'typebox'

/** A request body that may come as a form or as JSON, with an example for Swagger UI. */
export function inFormOrJson(schema: TSchema, example: Record<string, unknown>) {
  const described = { schema: { ...schema, examples: [example] } }
  return {
    content: {
      'application/x-www-form-urlencoded': described,
      'application/json': described,
    },
  }
}
