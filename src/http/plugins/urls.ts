import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { decodeFormComponent } from '../../oauth/form.ts'
import { isStorableText } from '../../oauth/storable.ts'

/** Everything here fits into a fraction of it; what is longer belongs into a body. */
export const URL_LIMIT = 8 * 1024

/** Whoever asks for a URL that is too long. */
export const URL_TOO_LONG = new OAuthError(
  'uri_too_long',
  'the URL is longer than 8 KiB; send parameters in the body',
)

/**
 * For Fastify's `rewriteUrl`: where to route a request. Fastify answers a path that cannot be decoded
 * past every hook; at a path that does not exist it gets its log line, its id and its headers.
 */
export function routableUrl({ url = '/' }: IncomingMessage): string {
  const [path = ''] = url.split('?')
  return decodeFormComponent(path) === undefined ? '/malformed-url' : url
}

/** Refuses URLs that are too long, or that cannot be decoded to text that can be stored. */
export function refuseMalformedUrls(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ originalUrl }) => {
    if (originalUrl.length > URL_LIMIT) throw URL_TOO_LONG
    const decoded = decodeFormComponent(originalUrl)
    if (decoded === undefined || !isStorableText(decoded)) {
      throw new OAuthError(
        'url_malformed',
        'the URL is not percent-encoded UTF-8 text: encode each value, a % as %25',
      )
    }
  })
}
