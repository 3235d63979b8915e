import {
  type Gateway,
  type GatewaySettings,
  IDENTITY_HEADERS,
  lookalikesOf,
  type PublishedKey,
} from './settings.ts'

/** Kong's open edition verifies signatures by keys in its configuration; a few lines of Lua do the rest. */
export const kong: Gateway = {
  config: async (settings) => config(settings, await settings.readKeys()),
  verifies: ['ES256', 'ES384', 'RS256', 'PS256'],
}

function config(settings: GatewaySettings, keys: readonly PublishedKey[]): string {
  const { issuer, audience, algorithm, typ, upstream, port } = settings
  const lookalikes = lookalikesOf(IDENTITY_HEADERS).map((name) => `"${name}"`)
  return `# Kong (open source, 3.0 or newer, without a database) in front of ${upstream},
# for tokens with the audience ${audience}
#
#   export KONG_DATABASE=off KONG_DECLARATIVE_CONFIG=/etc/kong/kong.yml
#   export KONG_PROXY_LISTEN=0.0.0.0:${port} KONG_UNTRUSTED_LUA_SANDBOX_REQUIRES=cjson.safe
#
# The plugin jwt reads no JWK set: the ${algorithm} keys below are those that were published when this was
# printed. Print it anew by cron, every hour, say, and load it without a restart:
#   mintmark gateway config kong … >kong.yml && curl -fsS http://localhost:8001/config -F config=@kong.yml
# A key is published long before it signs (KEY_PUBLISH_AHEAD, 24 hours): be well within that.
# Kong Enterprise has the plugin openid-connect, which reads the JWK set itself.

_format_version: "3.0"

services:
  - name: upstream
    url: "${upstream}"
    routes:
      - name: upstream
        paths: ["/"]
        strip_path: false
    plugins:
      - name: jwt
        config:
          # A kid is the key's thumbprint: it names one key of one issuer.
          key_claim_name: kid
          claims_to_verify: [exp]
          header_names: [authorization]
          # Nowhere else: a token in a URL is in every log.
          uri_param_names: []
          cookie_names: []
          run_on_preflight: true
      - name: post-function
        config:
          access:
            - |
              local json = require "cjson.safe"
              local function read(part)
                part = part:gsub("-", "+"):gsub("_", "/")
                return json.decode(ngx.decode_base64(part .. ("="):rep(-#part % 4)) or "") or {}
              end
              local function includes(list, one)
                for _, each in ipairs(type(list) == "table" and list or { list }) do
                  if each == one then return true end
                end
                return false
              end
              -- A header field takes printable ASCII, and loses the spaces around it.
              local function encode(text)
                return (text:gsub(".", function(byte) return ("%%%02X"):format(byte:byte()) end))
              end
              local function field(text)
                return (text:gsub("[^ -$&-~]", encode):gsub("^ +", encode):gsub(" +$", encode))
              end
              local head, payload = (kong.ctx.shared.authenticated_jwt_token or ""):match("^([^.]+)%.([^.]+)%.")
              local header, claims = read(head or ""), read(payload or "")
              if header.alg ~= "${algorithm}" or header.typ ~= "${typ}" or claims.iss ~= "${issuer}"
                or type(claims.exp) ~= "number" or not includes(claims.aud, "${audience}") then
                return kong.response.exit(401, { message = "the access token is not for this service" },
                  { ["WWW-Authenticate"] = 'Bearer error="invalid_token"' })
              end
              -- What a client says of itself in these is replaced, also by nothing. CGI, WSGI and PHP
              -- read X_Auth_Subject as X-Auth-Subject, so that goes, too.
              for _, name in ipairs({ ${lookalikes.join(', ')} }) do
                kong.service.request.clear_header(name)
              end
              for name, claim in pairs({ ["X-Auth-Subject"] = "sub", ["X-Auth-Client"] = "client_id", ["X-Auth-Scope"] = "scope" }) do
                kong.service.request.clear_header(name)
                if type(claims[claim]) == "string" then kong.service.request.set_header(name, field(claims[claim])) end
              end

consumers:
  - username: mintmark
    jwt_secrets:
${keys.map((key) => credential(key, algorithm)).join('\n')}
`
}

function credential({ kid, pem }: PublishedKey, algorithm: string): string {
  const lines = pem.trim().split('\n')
  return `      - key: "${kid}"
        algorithm: ${algorithm}
        # The name is Kong's, of whatever kind the key is.
        rsa_public_key: |
${lines.map((line) => `          ${line}`).join('\n')}`
}
