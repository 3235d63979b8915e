import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { parametersFromJson, parseForm } from '../../oauth/form.ts'
import { decodeUtf8, parseJson } from '../../oauth/json.ts'
import { collectParameters, type Parameters } from '../../oauth/parameters.ts'

/** What must not stand in a URL, which ends up in logs and histories (RFC 6749 §2.3.1, §3.2). */
const SECRETS = ['client_secret', 'password', 'refresh_token', 'access_token', 'token', 'assertion']

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
      async (_request: FastifyRequest, body: Buffer) => parse(body),
    )
  }
  // The desk validates; a schema here would turn an unknown grant_type into a schema error.
  app.setValidatorCompiler(() => () => true)
  app.addHook('onRequest', async (request) => {
    const secret = SECRETS.find((name) => name in (request.query as object))
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
    async (_request: FastifyRequest, body: Buffer) =>
      body.length === 0 ? undefined : parseJson(body),
  )
}
