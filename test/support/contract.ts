import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

/** An answer, as it came over the wire. */
export interface Seen {
  readonly method: string
  /** With or without its origin and its query. */
  readonly url: string
  readonly status: number
  /** The value of a header field by its lower-case name. */
  header(name: string): string | undefined
  readonly body: string
  /** Whether the service was told to say no more of errors than it must: ERROR_DETAIL=minimal. */
  readonly isMinimal?: boolean
}

export interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    name: string
    in: string
    required?: boolean
    example?: unknown
  }[]
  readonly requestBody?: {
    readonly required?: boolean
    readonly content: Readonly<Record<string, Media>>
  }
  readonly responses: Readonly<Record<string, Response>>
  readonly security: readonly object[]
}

export interface Media {
  readonly schema: object
  readonly examples?: Readonly<Record<string, { value: unknown }>>
}

interface Response {
  readonly description: string
  readonly headers?: Readonly<Record<string, { required?: boolean; example?: string }>>
  readonly content?: Readonly<Record<string, Media>>
}

export interface Document {
  readonly info: { readonly version: string }
  readonly tags: readonly { name: string }[]
  readonly components: { readonly securitySchemes: Readonly<Record<string, object>> }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** A committed document, which is what the routes say: test/openapi.test.ts sees to that. */
export interface Contract {
  /** Its file. */
  readonly file: string
  readonly document: Document
  readonly templates: readonly Template[]
}

interface Template {
  readonly path: string
  readonly operations: Readonly<Record<string, Operation>>
  readonly pattern: RegExp
}

/** Served, but not described: files for the browser, and the description itself. */
const UNDESCRIBED = /^\/(docs(\/.*)?|openapi\.json)$/

// The document around the schemas has words that are no keywords.
const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
formats.default(ajv)

export const publicContract = readContract('openapi/public.json')
export const adminContract = readContract('openapi/admin.json')

function readContract(file: string): Contract {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  const document = JSON.parse(text) as Document
  ajv.addSchema(document, file)
  const templates = Object.entries(document.paths).map(([path, operations]) => ({
    path,
    operations,
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }))
  // A path with a parameter also fits where another has a name: the name is meant.
  templates.sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')))
  return { file, document, templates }
}

/** What a connection itself is answered with, whatever the path says. */
const OF_CONNECTIONS = [408, 431, 501]

/**
 * What about an answer the document does not allow; undefined when all is as it says. An answer to
 * what no operation describes has only to be an error of one of the two shapes.
 */
export function breachOf(seen: Seen, contract: Contract = publicContract): string | undefined {
  const path = pathOf(seen.url)
  const method = seen.method.toLowerCase()
  const operationMethod = method === 'head' ? 'get' : method
  const found = contract.templates.find(({ pattern }) => pattern.test(path))
  const operation = found?.operations[operationMethod]
  const problem =
    found === undefined || operation === undefined || OF_CONNECTIONS.includes(seen.status)
      ? breachOfNobody(seen, path, contract)
      : breachOfOperation(seen, operation, ['paths', found.path, operationMethod], contract)
  return problem && `${seen.method} ${path} answered ${seen.status}: ${problem}`
}

function breachOfNobody(seen: Seen, path: string, contract: Contract): string | undefined {
  const isFine = seen.status < 400 && (UNDESCRIBED.test(path) || seen.method === 'OPTIONS')
  if (isFine) return undefined
  if (seen.status < 400) return 'the document has no such operation'
  return breachOfError(seen, contract)
}

/** What about an answer is no error of one of the two shapes; undefined when it is one. */
export function breachOfError(seen: Seen, contract: Contract = publicContract): string | undefined {
  if (seen.status < 400 || seen.method === 'HEAD') return undefined
  const isOAuth = mediaTypeOf(seen) === 'application/json'
  const name = isOAuth ? 'OAuthError' : 'Problem'
  return breachOfBody(seen, ['components', 'schemas', name], contract) ?? breachOfDetail(seen)
}

function breachOfOperation(
  seen: Seen,
  { operationId, responses }: Operation,
  place: string[],
  contract: Contract,
): string | undefined {
  const response = responses[seen.status]
  if (response === undefined) return `${operationId} declares no such status`
  for (const [name, { required }] of Object.entries(response.headers ?? {})) {
    if (required && seen.header(name.toLowerCase()) === undefined) return `${name} is missing`
  }
  if (response.content === undefined) {
    return seen.body === '' ? undefined : `${operationId} declares no body`
  }
  const mediaType = mediaTypeOf(seen)
  if (!(mediaType in response.content)) return `${operationId} declares no ${mediaType}`
  if (seen.method === 'HEAD') return undefined
  const schema = [...place, 'responses', String(seen.status), 'content', mediaType, 'schema']
  return (
    breachOfBody(seen, schema, contract) ??
    breachOfReason(seen, response.content[mediaType]) ??
    // A report of what is not ready is no error.
    (operationId === 'getReadiness' && seen.status === 503 ? undefined : breachOfDetail(seen))
  )
}

/** Codes that say one of several sentences, or name what came: their example is one of many. */
const VARIED = [
  'not_acceptable',
  'body_malformed',
  'content_type_unsupported',
  'credentials_in_query',
  'parameter_missing',
  'parameter_repeated',
  'parameter_invalid',
  'access_token_too_large',
  'cross_site_request',
  'origin_not_allowed',
  'cookie_outdated',
  'cookie_required',
  'client_authentication_failed',
  'client_authentication_ambiguous',
  'client_not_allowed',
  'grant_not_allowed',
  'grant_type_unsupported',
  'scope_malformed',
  'scope_not_allowed',
  'resource_not_allowed',
  'user_disabled',
  'refresh_reused',
  'session_revoked',
  'too_many_logins',
  'too_many_refreshes',
  'too_many_failures',
  'too_many_requests',
  'token_repeated',
  'token_malformed',
  'token_invalid',
  'insufficient_scope',
  'user_unknown',
  'key_invalid',
]

/** An error's reason or code has an example of its own where it occurs, which says what it says. */
function breachOfReason({ status, body }: Seen, media: Media | undefined): string | undefined {
  if (status < 400) return undefined
  const answer = JSON.parse(body) as ErrorBody
  const code = answer.code ?? answer.reason
  if (code === undefined) return undefined
  const example = media?.examples?.[code]?.value as ErrorBody | undefined
  if (example === undefined) return `there is no example of ${code}`
  const [said, expected] = [answer, example].map((one) => one.detail ?? one.error_description)
  if (said === expected || VARIED.includes(code)) return undefined
  return `it says "${said}", its example "${expected}"`
}

/** What an error says of itself, by its media type: all of it, or as little as it must. */
const DETAILS: Record<string, { full: string[]; minimal: string[] }> = {
  'application/json': {
    full: ['error', 'error_description', 'error_uri', 'reason', 'request_id'],
    minimal: ['error', 'request_id'],
  },
  'application/problem+json': {
    full: ['code', 'detail', 'request_id', 'status', 'title', 'type'],
    minimal: ['request_id', 'status', 'title', 'type'],
  },
}

/** The schema has to leave optional what a setting leaves out; here it is wanted, or unwanted. */
function breachOfDetail(seen: Seen): string | undefined {
  const { status, body, isMinimal = false } = seen
  if (status < 400 || seen.method === 'HEAD') return undefined
  const error = JSON.parse(body) as ErrorBody & { type?: string; error_uri?: string }
  const wanted = DETAILS[mediaTypeOf(seen)]?.[isMinimal ? 'minimal' : 'full'] ?? []
  const members = Object.keys(error).filter((name) => isMinimal || name !== 'hint')
  if (members.sort().join() !== wanted.join()) return `it has the members ${members}, not ${wanted}`
  const page = error.error_uri ?? error.type
  if (isMinimal) {
    const isSilent = (page ?? 'about:blank') === 'about:blank'
    const challenge = seen.header('www-authenticate') ?? ''
    return isSilent && !challenge.includes('description') ? undefined : 'it says too much'
  }
  const code = error.code ?? error.reason
  return page?.endsWith(`/errors/${code}`) ? undefined : `it names ${page} as the page of ${code}`
}

/** An error of either shape. */
interface ErrorBody {
  readonly reason?: string
  readonly code?: string
  readonly error_description?: string
  readonly detail?: string
}

function breachOfBody(seen: Seen, place: string[], contract: Contract): string | undefined {
  try {
    const isJson = mediaTypeOf(seen).endsWith('json')
    return schemaBreach(place, isJson ? JSON.parse(seen.body) : seen.body, contract)
  } catch {
    return `the body is not JSON: ${seen.body.slice(0, 80)}`
  }
}

/** What a schema of a committed document, given by its place in it, has against a value. */
export function schemaBreach(
  place: readonly string[],
  value: unknown,
  contract: Contract,
): string | undefined {
  const validate = validatorOf(place, contract)
  return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'the body' })
}

const validators = new Map<string, ValidateFunction>()

function validatorOf(place: readonly string[], { file }: Contract): ValidateFunction {
  const path = place
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/')
  const pointer = `${file}#/${path}`
  const existing = validators.get(pointer)
  if (existing !== undefined) return existing
  const validator = ajv.compile({ $ref: pointer })
  validators.set(pointer, validator)
  return validator
}

function mediaTypeOf(seen: Seen): string {
  return (seen.header('content-type') ?? '').split(';')[0]?.trim() ?? ''
}

function pathOf(url: string): string {
  const path = (url.replace(/^https?:\/\/[^/]*/, '').split(/[?#]/)[0] ?? '') || '/'
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
