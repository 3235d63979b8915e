import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import { entityTag } from '../../base/hash.ts'
import { explain } from '../../explanations/all.ts'
import { indexText, toText } from '../../explanations/text.ts'
import { cacheControl, cacheHeaders, isFresh } from '../cache.ts'
import { errorIndex, errorPage } from '../pages/error-pages.ts'
import { PAGE_POLICY } from '../pages/page.ts'
import { Problem } from '../problem.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'

/** Text first: a tool that takes anything is a terminal's, and browsers ask for HTML by name. */
const MEDIA_TYPES = ['text/plain', 'text/html'] as const

type Texts = Readonly<Record<(typeof MEDIA_TYPES)[number], () => string>>

/**
 * `GET /errors` and `GET /errors/{reason}`: what each error means, for people, from memory alone:
 * they are there while the database is away and before the keys are.
 */
export function errorRoutes(app: FastifyInstance): void {
  app.get(
    '/errors',
    {
      config: { pages: 'any' },
      schema: {
        operationId: 'listErrors',
        summary: 'All errors',
        description: 'A page for people, or text: every reason and code, with its title.',
        tags: ['operation'],
        security: [],
        response: { ...problems(...ANYWHERE), ...pages(INDEX_EXAMPLES) },
      },
    },
    async (request, reply) =>
      send(request, reply, { 'text/plain': indexText, 'text/html': errorIndex }),
  )
  app.get<{ Params: { reason: string } }>(
    '/errors/:reason',
    {
      config: { pages: 'any' },
      schema: {
        operationId: 'getError',
        summary: 'What an error means',
        description:
          'A page for people, or text: cause, how to confirm it, what to do. `error_uri` of an OAuth error and `type` of a problem lead here.',
        tags: ['operation'],
        security: [],
        params: Type.Object({
          reason: Type.String({
            description: 'The `reason` of an OAuth error, or the `code` of a problem.',
            examples: ['refresh_reused'],
          }),
        }),
        response: { ...problems(...ANYWHERE, 'reason_unknown'), ...pages(EXAMPLES) },
      },
    },
    async (request, reply) => {
      const { reason } = request.params
      const explanation = explain(reason)
      if (explanation === undefined) {
        const detail = 'no error has this name; GET /errors lists all of them'
        throw new Problem(404, 'reason_unknown', detail, {}, '/errors')
      }
      return send(request, reply, {
        'text/plain': () => toText(reason, explanation),
        'text/html': () => errorPage(reason, explanation),
      })
    },
  )
}

type Examples = Readonly<Record<(typeof MEDIA_TYPES)[number], string>>

const INDEX_EXAMPLES: Examples = {
  'text/plain': 'The refresh token\n  refresh_unknown: This is no refresh token of this service\n',
  'text/html': '<!doctype html>\n<html lang="en"><title>Errors</title>…</html>',
}

const EXAMPLES: Examples = {
  'text/plain': 'token_expired: The access token has expired\nHTTP 401\n\nCause\n  …\n',
  'text/html': '<!doctype html>\n<html lang="en"><title>token_expired: …</title>…</html>',
}

/** Sends what the caller likes best; a header that admits neither must not hide what is explained. */
function send(request: FastifyRequest, reply: FastifyReply, texts: Texts): FastifyReply {
  const { accept, 'if-none-match': ifNoneMatch } = request.headers
  const liked = new Negotiator({ headers: { accept } }).mediaType([...MEDIA_TYPES])
  const mediaType = liked === 'text/html' ? liked : 'text/plain'
  const body = texts[mediaType]()
  const etag = entityTag(body)
  reply.headers({
    etag,
    vary: 'Accept',
    'cache-control': cacheControl(300),
    'content-security-policy': PAGE_POLICY,
  })
  if (isFresh(ifNoneMatch, etag)) return reply.code(304).send()
  return reply.type(`${mediaType}; charset=utf-8`).send(body)
}

/** The answers of a page, and the beginning of one. */
function pages(begun: Examples) {
  const contents = MEDIA_TYPES.map((mediaType) => {
    const examples = { page: { summary: 'How it begins.', value: begun[mediaType] } }
    return [mediaType, { schema: Type.String(), examples }]
  })
  return {
    200: { description: 'The page.', headers: cacheHeaders, content: Object.fromEntries(contents) },
    304: { ...Type.Null({ description: 'You have it already.' }), headers: cacheHeaders },
  }
}
