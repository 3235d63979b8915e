import { ALWAYS } from '../wire/header.ts'

/** A tag of the document, and what its operations are for. */
export interface Tag {
  readonly name: string
  readonly description: string
}

interface Document {
  paths?: Record<string, Record<string, Operation>>
}

interface Operation {
  tags?: string[]
  requestBody?: { required?: boolean; content: Record<string, { schema: BodySchema }> }
  responses?: Record<string, { headers?: Record<string, Header> }>
}

interface BodySchema {
  required?: string[]
  anyOf?: BodySchema[]
}

interface Header {
  description?: string
  required?: boolean
  example?: unknown
  schema: { examples?: unknown[]; [ALWAYS]?: true }
}

/**
 * Puts into the generated document what the generator has no words for: the request id of every
 * answer, which header fields are always there, which bodies may be left out, and the order of a
 * first tour.
 * @param tags in that order
 */
export function finishDocument(document: object, tags: readonly Tag[]): object {
  const { paths = {} } = document as Document
  for (const operation of operationsOf(paths)) {
    const { requestBody } = operation
    if (requestBody !== undefined) {
      const schemas = Object.values(requestBody.content).map(({ schema }) => schema)
      requestBody.required = schemas.some(requiresMember)
    }
    for (const response of Object.values(operation.responses ?? {})) {
      for (const header of Object.values(response.headers ?? {})) finishHeader(header)
      response.headers = { ...response.headers, 'X-Request-Id': REQUEST_ID }
    }
  }
  const rank = (path: Record<string, Operation>) => rankOf(path, tags)
  const sorted = Object.entries(paths).toSorted(([, a], [, b]) => rank(a) - rank(b))
  return { ...document, paths: Object.fromEntries(sorted) }
}

const REQUEST_ID: Header = {
  description: 'Finds the request in the log: the X-Request-Id that was sent, or a new one.',
  required: true,
  example: '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d',
  schema: { type: 'string' } as Header['schema'],
}

/** Whether nothing, which is what no body is read as, would not do. */
function requiresMember({ required = [], anyOf = [] }: BodySchema): boolean {
  return required.length > 0 || anyOf.some(requiresMember)
}

function finishHeader(header: Header): void {
  const { [ALWAYS]: always, examples: [example] = [], ...schema } = header.schema
  header.schema = schema
  if (always) header.required = true
  if (example !== undefined) header.example = example
}

/** The place of a path's first operation among the tags. */
function rankOf(path: Record<string, Operation>, tags: readonly Tag[]): number {
  const [tag] = Object.values(path)[0]?.tags ?? []
  return tags.findIndex(({ name }) => name === tag)
}

function operationsOf(paths: Record<string, Record<string, Operation>>): Operation[] {
  return Object.values(paths).flatMap((path) => Object.values(path))
}
