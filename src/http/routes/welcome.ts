import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { RouteTable } from '../plugins/route-table.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'

/** What is told at `/`, in the order of a first tour. */
const PLACES = {
  documentation: '/docs',
  openapi: '/openapi.json',
  errors: '/errors',
  token: '/token',
  refresh: '/refresh',
  logout: '/logout',
  me: '/me',
  sessions: '/sessions',
  revoke: '/revoke',
  introspect: '/introspect',
  jwks: '/.well-known/jwks.json',
  metadata: '/.well-known/oauth-authorization-server',
  liveness: '/livez',
  readiness: '/readyz',
} as const

const Welcome = Type.Object(
  {
    issuer: Type.String({ description: 'The `iss` of every token.' }),
    version: Type.String(),
    links: Type.Record(Type.String(), Type.String(), {
      description: 'What there is, and where; under the issuer, wherever it was asked.',
    }),
  },
  { additionalProperties: false },
)

const WELCOME = {
  issuer: 'https://auth.example',
  version: '1.0.0',
  links: {
    openapi: 'https://auth.example/openapi.json',
    token: 'https://auth.example/token',
    jwks: 'https://auth.example/.well-known/jwks.json',
  },
}

const Version = Type.Object(
  { version: Type.String({ description: 'Of the service, as in its change log.' }) },
  { additionalProperties: false },
)

/** `GET /`: where everything is. `GET /version`: what runs here, and no more than that. */
export function welcomeRoutes(
  app: FastifyInstance,
  options: { issuer: string; version: string; routes: RouteTable },
): void {
  const { issuer, version, routes } = options
  app.get(
    '/',
    {
      schema: {
        operationId: 'getLinks',
        summary: 'Where do I begin?',
        description: 'The addresses of what there is.',
        tags: ['operation'],
        security: [],
        response: {
          ...problems(...ANYWHERE),
          200: inJson('The links.', Welcome, {
            links: { summary: 'What there is.', value: WELCOME },
          }),
        },
      },
    },
    async () => {
      const there = Object.entries(PLACES).filter(([, path]) => routes.at(path).length > 0)
      const links = Object.fromEntries(there.map(([name, path]) => [name, `${issuer}${path}`]))
      return { issuer, version, links }
    },
  )
  app.get(
    '/version',
    {
      schema: {
        operationId: 'getVersion',
        summary: 'Which version runs?',
        tags: ['operation'],
        security: [],
        response: {
          ...problems(...ANYWHERE),
          200: inJson('The version.', Version, {
            version: { summary: 'A release.', value: { version: '1.0.0' } },
          }),
        },
      },
    },
    async () => ({ version }),
  )
}
