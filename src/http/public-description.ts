import { prefillAuthorize } from './plugins/docs-browser.ts'
import type { ApiDescription } from './plugins/openapi.ts'
import { oauth2Scheme, securitySchemes } from './wire/security.ts'

/** What the document of the public app says beyond its routes. */
export function describePublicApi(issuer: string): ApiDescription {
  const basePath = new URL(issuer).pathname.replace(/\/$/, '')
  return {
    title: 'Mintmark',
    description:
      'Issues, rotates and revokes tokens that any service can verify offline. OAuth endpoints answer errors as in RFC 6749 section 5.2, all others as in RFC 9457. A path that takes other methods is 405 with `Allow`.',
    basePath,
    tags: TAGS,
    securitySchemes: { oauth2: oauth2Scheme(basePath), ...securitySchemes },
    development: { prefill: prefillAuthorize, keepsAuthorization: true },
  }
}

/** In the order of a first tour. */
const TAGS = [
  { name: 'tokens', description: 'Get, refresh, revoke and ask about tokens.' },
  { name: 'account', description: 'What a token says.' },
  { name: 'sessions', description: 'Start, list and end sessions.' },
  { name: 'verification', description: 'What other services verify with.' },
  { name: 'operation', description: 'For whoever runs the service.' },
]
