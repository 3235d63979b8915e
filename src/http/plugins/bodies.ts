import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError, quotable } from '../../oauth/error.ts'
import { parametersFromJson, parseForm } from '../../oauth/form.ts'
import { decodeUtf8, parseJson } from '../../oauth/json.ts'
import { collectParameters, type Parameters } from '../../oauth/parameters.ts'

/** What must not stand in a URL. */
const SECRETS = [
  'client_secret',
  'password',
  'refresh_token',
  'access_token',
  'token',
  'assertion',
  'client_assertion',
]

/**
 * The bodies of the OAuth endpoints: a form (RFC 6749 appendix B) or a JSON object of strings, read
 * once and strictly into Parameters. Replaces Fastify's own parsers in this scope.
 */
export function readOAuthBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parsers: Record<string, (body: Buffer) => Parameters> = {
    'application/x-www-form-urlencoded': (body) => parseForm(decodeUtf8(body)),
    'application/json': (body) => parametersFromJson(parseJson(body)),
  }
  for (const [mediaType, parse] of Object.entries(parsers)) {
    app.addContentTypeParser(
      mediaType,
      { parseAs: 'buffer' },
      async (request: FastifyRequest, body: Buffer) => {
        requireUtf8(request)
        // None at all is no body, whatever its type: many clients always say that theirs is JSON.
        return body.length === 0 ? undefined : parse(body)
      },
    )
  }
  // The desk validates; a schema here would turn an unknown grant_type into a schema error.
  app.setValidatorCompiler(() => () => true)
}

/** Refuses credentials in the URL: it ends up in logs and histories (RFC 6749 §2.3.1, §3.2). */
export function refuseCredentialsInQuery(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const query = request.query as object
    const secret = SECRETS.find((name) => Object.hasOwn(query, name))
    if (secret !== undefined) {
      throw new OAuthError('credentials_in_query', `send ${secret} in the body, never in the URL`)
    }
  })
}

/** The parameters of a request in this scope; none when it had no body. */
export function parametersOf(request: FastifyRequest): Parameters {
  return (request.body as Parameters | undefined) ?? collectParameters([])
}

/**
 * The same for routes whose body is JSON of their own shape, which their schema validates. None at
 * all is no body, whatever its type: many clients always say that theirs is JSON.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      requireUtf8(request)
      return body.length === 0 ? undefined : parseJson(body)
    },
  )
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/gi

/** JSON is UTF-8 (RFC 8259 §8.1), and so are forms here; read as another, the bytes would be guesses. */
function requireUtf8({ headers }: FastifyRequest): void {
  const named = (headers['content-type'] ?? '').matchAll(CHARSET)
  for (const [, charset = ''] of named) {
    if (!/^(utf-?8|us-ascii)$/i.test(charset)) {
      throw new OAuthError(
        'content_type_unsupported',
        `send the body in UTF-8, not in charset ${quotable(charset)}`,
      )
    }
  }
}
