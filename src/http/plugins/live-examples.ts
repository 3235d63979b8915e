import type { DevelopmentLogin, DevelopmentToken } from './docs-browser.ts'

/** What development shows in the place of the document's samples: values that work here and now. */
export interface LiveExamples {
  /** By operationId, and by the name of the body's example or of the parameter. */
  readonly operations: Readonly<Record<string, Readonly<Record<string, string | object>>>>
  /** For the Authorize dialog, in the name of the demo. */
  readonly login: DevelopmentLogin | DevelopmentToken
}

interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: { oauth2?: { description: string } } }
}

interface Operation {
  operationId: string
  parameters?: { name: string; example?: unknown }[]
  requestBody?: { content: Record<string, { examples?: Record<string, { value: unknown }> }> }
}

/** A copy of the OpenAPI document with these examples in it. */
export function withLiveExamples(document: object, live: LiveExamples): object {
  const copy = structuredClone(document) as Document
  for (const operation of Object.values(copy.paths).flatMap((path) => Object.values(path))) {
    const values = live.operations[operation.operationId] ?? {}
    for (const parameter of operation.parameters ?? []) {
      if (parameter.name in values) parameter.example = values[parameter.name]
    }
    for (const { examples = {} } of Object.values(operation.requestBody?.content ?? {})) {
      for (const [name, example] of Object.entries(examples)) {
        if (name in values) example.value = values[name]
      }
    }
  }
  const { oauth2 } = copy.components.securitySchemes
  if (oauth2 !== undefined && 'username' in live.login) {
    const { username, password } = live.login
    oauth2.description += ` In development: username \`${username}\`, password \`${password}\`.`
  }
  return { ...copy, 'x-development': live.login }
}
