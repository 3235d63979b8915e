import type { Document, Operation } from './contract.ts'
import { post } from './process.ts'

/** The document as it is served in development. */
export interface DevelopmentDocument extends Document {
  readonly 'x-development': Readonly<
    Record<'client_id' | 'client_secret' | 'username' | 'password', string>
  >
}

/** One thing to try: an operation, by one of its examples, as one media type. */
export interface Trial {
  readonly name: string
  readonly operation: Operation
  readonly path: string
  readonly init: RequestInit
}

/** Everything that the document invites to try, in its order. */
export function trialsOf(document: Document): Trial[] {
  return Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => {
      const path = `${template.replace(/\{(\w+)\}/, (_, name) => exampleOf(operation, name))}${queryOf(operation)}`
      return bodiesOf(operation).map(({ name, init }) => ({
        name: `${operation.operationId}${name}`,
        operation,
        path,
        init: { ...init, method: method.toUpperCase() },
      }))
    }),
  )
}

function exampleOf({ operationId, parameters = [] }: Operation, name: string): string {
  const example = parameters.find((parameter) => parameter.name === name)?.example
  if (typeof example !== 'string') throw new Error(`${operationId}: ${name} has no example`)
  return encodeURIComponent(example)
}

/** What must be in the query. */
function queryOf(operation: Operation): string {
  const required = (operation.parameters ?? []).filter((one) => one.in === 'query' && one.required)
  const pairs = required.map(({ name }) => `${name}=${exampleOf(operation, name)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function bodiesOf({ requestBody }: Operation): { name: string; init: RequestInit }[] {
  if (requestBody === undefined) return [{ name: '', init: {} }]
  return Object.entries(requestBody.content).flatMap(([mediaType, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => {
      const isForm = mediaType === 'application/x-www-form-urlencoded'
      const body = isForm
        ? new URLSearchParams(value as Record<string, string>).toString()
        : JSON.stringify(value)
      const init = { body, headers: { 'content-type': mediaType } }
      return { name: ` ${name} as ${isForm ? 'a form' : 'JSON'}`, init }
    }),
  )
}

/** Authorises as Swagger UI does, and returns what then goes out with an operation's requests. */
export async function authorize(service: { url: string }, document: DevelopmentDocument) {
  const { client_id, client_secret, username, password } = document['x-development']
  const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
  const form = { grant_type: 'password', username, password, scope: '' }
  const answer = await post(service, '/token', form, { authorization: basic })
  const { access_token } = (await answer.json()) as { access_token: string }
  const schemes: Record<string, string> = {
    backendBasic: basic,
    oauth2: `Bearer ${access_token}`,
  }
  return ({ security }: Operation): Record<string, string> => {
    const scheme = security.flatMap(Object.keys).find((name) => name in schemes)
    return scheme === undefined ? {} : { authorization: schemes[scheme] as string }
  }
}
