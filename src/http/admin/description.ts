import { prefillBearer } from '../plugins/docs-browser.ts'
import type { ApiDescription } from '../plugins/openapi.ts'

/** What the document of the admin app says beyond its routes. */
export const adminDescription: ApiDescription = {
  title: 'Mintmark admin',
  description:
    'For operators: who is logged in, what happened, and how to end it; and the signing keys. Errors are as in RFC 9457. A path that takes other methods is 405 with `Allow`, an unknown or repeated parameter 400.',
  // It has a port of its own.
  basePath: '',
  tags: [
    { name: 'sessions', description: 'See sessions and end them.' },
    { name: 'events', description: 'What happened.' },
    { name: 'cut-offs', description: 'End all that started before an instant.' },
    { name: 'keys', description: 'The signing keys: see them, and step in.' },
    { name: 'operation', description: 'For whoever runs the service.' },
  ],
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description:
        'An access token that a confidential client got for itself at the public `POST /token`, by client_credentials: its audience includes the issuer, its scope what the operation names.',
    },
  },
  development: { prefill: prefillBearer, keepsAuthorization: false },
}
