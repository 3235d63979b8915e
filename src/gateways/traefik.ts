import { forwardAuthOf, type Gateway, type GatewaySettings, IDENTITY_HEADERS } from './settings.ts'

/** Traefik has no JWT middleware in its open edition: for each request it asks the service. */
export const traefik: Gateway = { config, asksService: true }

function config(settings: GatewaySettings): string {
  const { audience, upstream, port } = settings
  return `# Traefik (2.4 or newer) in front of ${upstream}, for tokens with the audience ${audience}
#
# A dynamic configuration, for the file provider:
#   traefik --entrypoints.web.address=:${port} --providers.file.filename=mintmark.yml
# forwardAuth asks Mintmark for each request, which answers from memory and knows signature, iss, aud,
# exp, typ and every key; its 401, 403 and 503 reach the client with their reasons. Where Mintmark
# cannot be reached at all, Traefik answers 500: nothing is decided then, either.

http:
  routers:
    mintmark:
      rule: "PathPrefix(\`/\`)"
      service: upstream
      middlewares: [mintmark]
  middlewares:
    mintmark:
      forwardAuth:
        address: "${forwardAuthOf(settings)}"
        authRequestHeaders: [Authorization]
        # Taken from the answer, or taken away: what a client says of itself in these is replaced.
        authResponseHeaders: [${IDENTITY_HEADERS.join(', ')}]
        # So is X_Auth_Subject, which CGI, WSGI and PHP read as X-Auth-Subject.
        authResponseHeadersRegex: "(?i)^x[^a-z0-9]auth[^a-z0-9]"
  services:
    upstream:
      loadBalancer:
        servers: [{ url: "${upstream}" }]
`
}
