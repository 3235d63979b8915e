import { type Static, type TSchema, Type } from 'typebox'

/** A reference to a named schema, so that the OpenAPI document says it once, as a component. */
export function reference<S extends TSchema>(schema: S) {
  const { $id } = schema as { $id?: string }
  if ($id === undefined) throw new Error('only a schema with an $id can be referred to')
  return Type.Unsafe<Static<S>>({ $ref: `${$id}#` })
}
