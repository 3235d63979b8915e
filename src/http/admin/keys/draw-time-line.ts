import type { FastifyInstance } from 'fastify'
import { type TString, Type } from 'typebox'
import { sha256 } from '../../../base/hash.ts'
import { drawTimeLine, TIME_LINE_STYLE } from '../../../keys/time-line/svg.ts'
import { createTimeLine } from '../../../keys/time-line/time-line.ts'
import { ADMIN } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'

/** The picture brings its style along, and neither runs nor fetches anything. */
const POLICY = `default-src 'none'; style-src 'sha256-${sha256(TIME_LINE_STYLE).toString('base64')}'; frame-ancestors 'none'`

/** `GET /keys/time-line.svg`: what was, is and is planned of the signing keys, as a picture. */
export function timeLinePictureRoute(
  app: FastifyInstance,
  { keyOperations }: KeyRouteOptions,
): void {
  const schema: TString = Type.String()
  const example = '<svg xmlns="http://www.w3.org/2000/svg" …>…</svg>'
  app.get(
    '/keys/time-line.svg',
    {
      schema: {
        operationId: 'drawKeyTimeLine',
        summary: 'The time line as a picture',
        description:
          'What was, what is, and the next two turns of each algorithm. It needs nothing else: no script, no font, no other file.',
        tags: ['keys'],
        security: needs('mintmark:keys:read'),
        response: {
          ...problems(...ADMIN),
          200: {
            description: 'The picture.',
            content: {
              'image/svg+xml': {
                schema,
                examples: { picture: { summary: 'How it begins and ends.', value: example } },
              },
            },
          },
        },
      },
    },
    async (_request, reply) => {
      const picture = drawTimeLine(createTimeLine(await keyOperations.readSchedule()))
      reply.header('content-security-policy', POLICY)
      return reply.type('image/svg+xml; charset=utf-8').send(picture)
    },
  )
}
