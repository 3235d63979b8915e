import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { parametersFromJson, parseForm } from '../../oauth/form.ts'
import { collectParameters, type Parameters } from '../../oauth/parameters.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What must not stand in a URL, which ends up in logs and histories (RFC 6749 §2.3.1, §3.2). */
const SECRETS = ['client_secret', 'password', 'refresh_token', 'access_token', 'token', 'assertion']

/**
 * The bodies of the OAuth endpoints: a form (RFC 6749 appendix B) or a JSON object of strings, read
 * once and strictly into Parameters. Replaces Fastify's own parsers in this scope.
 */
export function readOAuthBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = (read: (text: string) => Parameters) => async (_: unknown, body: Buffer) =>
    read(decode(body))
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    parse(parseForm),
  )
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse(parseJson))
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

function decode(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch {
    throw new OAuthError('body_malformed', 'the body is not UTF-8')
  }
}

function parseJson(text: string): Parameters {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new OAuthError('body_malformed', 'the body is not valid JSON')
  }
  return parametersFromJson(value)
}
