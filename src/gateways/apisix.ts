import {
  addressOf,
  CACHE_SECONDS,
  forwardAuthOf,
  type Gateway,
  type GatewaySettings,
  IDENTITY_HEADERS,
  lookalikesOf,
} from './settings.ts'

/**
 * APISIX verifies RSA signatures itself. For all others its plugin openid-connect has no keys (it makes
 * them of `n` and `e` alone), so that it asks the service for each request.
 */
export const apisix: Gateway = { config, asksService: true }

function config(settings: GatewaySettings): string {
  const { algorithm, audience, upstream, port } = settings
  const { name, port: upstreamPort, tls } = addressOf(upstream)
  const plugin = algorithm === 'RS256' ? openidConnect(settings) : forwardAuth(settings)
  return `# APISIX in front of ${upstream}, for tokens with the audience ${audience}
#
# Put it into conf/apisix.yaml. It is read without a restart, when conf/config.yaml has
#   apisix: { node_listen: ${port} }
#   deployment: { role: data_plane, role_data_plane: { config_provider: yaml } }
${plugin.comment}

routes:
  - id: mintmark
    uri: /*
    upstream:
      type: roundrobin
      scheme: ${tls ? 'https' : 'http'}
      pass_host: node
      nodes:
        "${name}:${upstreamPort}": 1
    plugins:
${plugin.text}
      # CGI, WSGI and PHP read X_Auth_Subject as X-Auth-Subject: nobody but this gateway says it.
      proxy-rewrite:
        headers:
          remove: [${plugin.removed.join(', ')}]
#END
`
}

function forwardAuth(settings: GatewaySettings) {
  const list = IDENTITY_HEADERS.join(', ')
  return {
    comment: `# The plugin openid-connect knows RSA keys only, so this one asks Mintmark for each request, which
# answers from memory and knows signature, iss, aud, exp, typ and every key. 401 is a bad token; while
# Mintmark is away nothing is decided: 503. To verify offline, have these tokens signed by RS256
# (mintmark audiences set ${settings.audience} --alg RS256) and print this with --alg RS256.`,
    text: `      forward-auth:
        uri: "${forwardAuthOf(settings)}"
        request_headers: [Authorization]
        # Taken from the answer, or taken away: what a client says of itself in these is replaced.
        upstream_headers: [${list}]
        client_headers: [WWW-Authenticate, Retry-After]
        status_on_error: 503
        timeout: 3000
        keepalive: true`,
    // Not the headers themselves: the order of the plugins must not matter.
    removed: lookalikesOf(IDENTITY_HEADERS),
  }
}

function openidConnect({ service, issuer, audience, algorithm }: GatewaySettings) {
  return {
    comment: `# openid-connect fetches the JWK set, keeps it for ${CACHE_SECONDS} s, and fetches again for a kid that it does not
# know. It answers 401 where the keys cannot be had, as for a bad token, and does not look at typ.
# claim_validator needs a recent APISIX 3: see that yours refuses a token of another audience. In the
# section http of nginx_config, jwks and jwt_verification are its caches, which it has by default.`,
    text: `      openid-connect:
        bearer_only: true
        use_jwks: true
        discovery: "${service}/.well-known/openid-configuration"
        # The audience, by the name that this plugin has for it; nobody logs in as it.
        client_id: "${audience}"
        client_secret: unused
        token_signing_alg_values_expected: ${algorithm}
        claim_validator:
          issuer: { valid_issuers: ["${issuer}"] }
          audience: { claim: aud, required: true, match_with_client_id: true }
        jwk_expires_in: ${CACHE_SECONDS}
        ssl_verify: true
        timeout: 3
        # The claims, as JSON in base64; a client's own header of that name is replaced.
        set_userinfo_header: true
        set_access_token_header: false
        set_id_token_header: false`,
    removed: [...IDENTITY_HEADERS, ...lookalikesOf([...IDENTITY_HEADERS, 'X-Userinfo'])],
  }
}
