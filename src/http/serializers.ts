import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

type BuildSerializer = ReturnType<typeof SerializerSelector>
type Serialize = ReturnType<ReturnType<BuildSerializer>>

/**
 * For Fastify's `schemaController`: what writes an answer as its schema says is made when the first
 * such answer is sent, and once for all answers that refer to the same named schema. A route declares
 * a dozen of them, most of them errors of one shape; made one by one, they were half of the time that
 * the app took to start.
 */
export function createSerializers(): BuildSerializer {
  const select = SerializerSelector()
  return (namedSchemas, options) => {
    const compile = select(namedSchemas, options)
    const shared = new Map<string, Serialize>()
    return (route) => {
      const { $ref } = route.schema as { $ref?: string }
      const known = $ref === undefined ? undefined : shared.get($ref)
      if (known !== undefined) return known
      let made: Serialize | undefined
      const serialize: Serialize = (answer) => {
        made ??= compile(route)
        return made(answer)
      }
      if ($ref !== undefined) shared.set($ref, serialize)
      return serialize
    }
  }
}
