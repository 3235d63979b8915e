import { type Authenticated, authenticate } from './adapters/authenticate.ts'
import { type AdapterOptions, type Required, settleAdapter } from './adapters/options.ts'
import { headersOf, PROBLEM_TYPE, problemOf } from './adapters/problem.ts'
import { examineRequired } from './asked.ts'
import { VerifyError } from './errors.ts'
import type { Verifier } from './types.ts'

/** A request is let in, with what its token says; or here is the answer that refuses it. */
export type RequestOutcome<Auth> =
  | { readonly ok: true; readonly auth: Auth }
  | { readonly ok: false; readonly response: Response; readonly error: VerifyError }

/** With `optional` there may be no token. */
type AuthOf<Asked> = Asked extends { readonly optional: true }
  ? Authenticated | undefined
  : Authenticated

export interface RequestAuth {
  /**
   * Verifies the token of a request. Refusals are outcomes; it throws for no token whatever, but a TypeError
   * when what is required is wrong.
   */
  authenticate<const Asked extends Required>(
    request: Request,
    required?: Asked,
  ): Promise<RequestOutcome<AuthOf<Asked>>>
  /**
   * Answers refusals itself, and passes what the token says to `respond`, before whatever else the
   * framework gives. Throws a TypeError when what is required is wrong.
   */
  withAuth<const Asked extends Required, More extends unknown[]>(
    respond: (request: Request, auth: AuthOf<Asked>, ...more: More) => Response | Promise<Response>,
    required?: Asked,
  ): (request: Request, ...more: More) => Promise<Response>
  readonly verifier: Verifier
  /** Lets go of the verifier, if it was made here. */
  close(): void
}

/**
 * For whatever speaks in `Request` and `Response`: Hono, Next, Workers, Deno, Bun.
 * Throws a TypeError that says what is wrong with the options.
 */
export function createRequestAuth(options: AdapterOptions): RequestAuth {
  const { verifier, exposeDetails, close } = settleAdapter(options)

  async function outcomeOf(
    request: Request,
    required: Required,
  ): Promise<RequestOutcome<Authenticated | undefined>> {
    const authorization = request.headers.get('authorization')
    const authorizations = authorization === null ? [] : [authorization]
    try {
      const shown = { authorizations, url: request.url }
      return { ok: true, auth: await authenticate(verifier, shown, required) }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error
      return { ok: false, response: responseOf(error, exposeDetails), error }
    }
  }

  return {
    async authenticate(request, required) {
      const wanted: Required = required ?? {}
      examineRequired(wanted)
      return outcomeOf(request, wanted) as Promise<RequestOutcome<never>>
    },
    withAuth(respond, required) {
      const wanted: Required = required ?? {}
      examineRequired(wanted)
      return async (request, ...more) => {
        const outcome = await outcomeOf(request, wanted)
        return outcome.ok ? respond(request, outcome.auth as never, ...more) : outcome.response
      }
    },
    verifier,
    close,
  }
}

function responseOf(error: VerifyError, exposeDetails: boolean): Response {
  return new Response(JSON.stringify(problemOf(error, exposeDetails)), {
    status: error.status,
    headers: { ...headersOf(error), 'content-type': PROBLEM_TYPE },
  })
}
