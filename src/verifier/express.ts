import { type Authenticated, authenticate } from './adapters/authenticate.ts'
import { headerValues } from './adapters/node-headers.ts'
import { type AdapterOptions, type Required, settleAdapter } from './adapters/options.ts'
import { headersOf, PROBLEM_TYPE, problemOf } from './adapters/problem.ts'
import { examineRequired, requireScopes } from './asked.ts'
import { VerifyError } from './errors.ts'
import { tellRefusal } from './refusals.ts'
import type { Verifier } from './types.ts'

/** What `req.auth` is. */
export interface ExpressAuth extends Authenticated {
  /** The same as `claims`, as express-oauth2-jwt-bearer calls them. */
  readonly payload: Authenticated['claims']
}

declare global {
  namespace Express {
    interface Request {
      /** Of a request that passed `auth`; undefined elsewhere, and where a token is `optional` and none came. */
      auth: ExpressAuth
    }
  }
}

/** As much of a request of Express, or of Node, as is needed. */
interface AnyRequest {
  readonly rawHeaders: string[]
  readonly url?: string | undefined
  readonly originalUrl?: string
  auth?: ExpressAuth
}

interface AnyResponse {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

type Next = (error?: unknown) => void
type Middleware = (request: AnyRequest, response: AnyResponse, next: Next) => void

/** The middleware, and more of it with the same verifier. */
export interface Auth extends Middleware {
  /** For a route that wants something of its own. Throws a TypeError when that is wrong. */
  requireAuth(required?: Required): Middleware
  readonly verifier: Verifier
  /** Lets go of the verifier, if it was made here. */
  close(): void
}

/**
 * Middleware that lets in requests with a good access token, as `req.auth`. Refusals go to
 * `next(error)`, as Express has it: the VerifyError with `status`, `statusCode` and `headers`, by which
 * its own last middleware answers. {@link answerErrors} answers with a problem instead.
 * Throws a TypeError that says what is wrong with the options.
 */
export function auth(options: AdapterOptions & Required): Auth {
  const [asked, others] = takeApart(options)
  examineRequired(asked)
  const { verifier, close } = settleAdapter(others)
  const requireAuth = (required: Required = {}): Middleware => {
    examineRequired(required)
    return (request, _response, next) => {
      const shown = {
        authorizations: headerValues(request.rawHeaders, 'authorization'),
        url: request.originalUrl ?? request.url ?? '',
      }
      authenticate(verifier, shown, required).then(
        (found) => {
          if (found !== undefined) {
            request.auth = { ...found, payload: found.claims }
            verifiers.set(request.auth, verifier)
          }
          next()
        },
        (error) => next(forExpress(error)),
      )
    }
  }
  return Object.assign(requireAuth(asked), { requireAuth, verifier, close })
}

/** Who verified what `auth` found, and counts what is refused after it. */
const verifiers = new WeakMap<ExpressAuth, Verifier>()

/** What the route wants, which may be there and wrong, and what the verifier is made of. */
function takeApart(options: AdapterOptions & Required): [Required, AdapterOptions] {
  const all = Object.entries(options)
  const isAsked = ([name]: [string, unknown]) => ASKED.has(name)
  const others = all.filter((entry) => !isAsked(entry))
  return [Object.fromEntries(all.filter(isAsked)), Object.fromEntries(others) as AdapterOptions]
}

const ASKED: ReadonlySet<string> = new Set<keyof Required>([
  'scope',
  'whenRevocationsStale',
  'optional',
])

/** After `auth`: lets in tokens with all of these scopes. Throws a TypeError when there is none. */
export function requiredScopes(scopes: string | readonly string[]): Middleware {
  const wanted = requireScopes(scopes)
  return after(({ scopes: has }) =>
    wanted.every((scope) => has.includes(scope)) ? undefined : lacking(wanted, 'all', has),
  )
}

/** After `auth`: lets in tokens with any of these scopes. Throws a TypeError when there is none. */
export function scopeIncludesAny(scopes: string | readonly string[]): Middleware {
  const wanted = requireScopes(scopes)
  return after(({ scopes: has }) =>
    wanted.some((scope) => has.includes(scope)) ? undefined : lacking(wanted, 'any', has),
  )
}

/** After `auth`: lets in tokens whose claim is just this. */
export function claimEquals(claim: string, expected: string | number | boolean | null): Middleware {
  return after(({ claims }) =>
    Object.hasOwn(claims, claim) && claims[claim] === expected
      ? undefined
      : unfit(`${claim}: ${String(expected)}`),
  )
}

/** After `auth`: lets in tokens whose claim is a list, or words with spaces between, with all of these. */
export function claimIncludes(
  claim: string,
  ...expected: readonly (string | number | boolean | null)[]
): Middleware {
  return after(({ claims }) => {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
    const list: unknown = typeof value === 'string' ? value.split(' ') : value
    const fits = Array.isArray(list) && expected.every((one) => list.includes(one))
    return fits ? undefined : unfit(`${claim} with ${expected.join(', ')}`)
  })
}

/** After `auth`: lets in tokens of whose claims `accept` says true, at once or later. */
export function claimCheck(
  accept: (claims: Authenticated['claims']) => boolean | Promise<boolean>,
  expected = 'claims that this route accepts',
): Middleware {
  return after(async ({ claims }) => ((await accept(claims)) ? undefined : unfit(expected)))
}

/**
 * The last middleware: answers refusals with application/problem+json, as the other adapters do, and
 * passes every other error on.
 */
export function answerErrors({ exposeDetails = false }: { exposeDetails?: boolean } = {}) {
  // Express knows by its four parameters that it is for errors.
  return (error: unknown, _request: unknown, response: AnyResponse, next: Next): void => {
    if (!(error instanceof VerifyError) || response.headersSent) {
      next(error)
      return
    }
    response.statusCode = error.status
    for (const [name, value] of Object.entries(headersOf(error))) response.setHeader(name, value)
    response.setHeader('content-type', PROBLEM_TYPE)
    response.end(JSON.stringify(problemOf(error, exposeDetails)))
  }
}

/** Middleware that judges what `auth` found; without that there is no token. */
function after(
  judge: (auth: ExpressAuth) => VerifyError | undefined | Promise<VerifyError | undefined>,
): Middleware {
  const judged = async ({ auth: found }: AnyRequest) => {
    if (found === undefined) return new VerifyError({ code: 'token_missing' })
    const fault = await judge(found)
    const verifier = verifiers.get(found)
    if (fault !== undefined && verifier !== undefined) tellRefusal(verifier, fault)
    return fault
  }
  return (request, _response, next) => {
    judged(request).then((fault) => (fault === undefined ? next() : next(forExpress(fault))), next)
  }
}

function lacking(wanted: readonly string[], how: 'all' | 'any', has: readonly string[]) {
  const scope = wanted.join(' ')
  const actual = has.join(' ') || 'no scope'
  return new VerifyError({ code: 'scope_missing', scope, expected: `${how} of ${scope}`, actual })
}

function unfit(expected: string) {
  return new VerifyError({ code: 'claim_invalid', expected, actual: 'another value, or none' })
}

/** What is no VerifyError passes as it is: it is a fault of the program, and no refusal. */
function forExpress(error: unknown): unknown {
  if (!(error instanceof VerifyError)) return error
  return Object.assign(error, { statusCode: error.status, headers: headersOf(error) })
}
