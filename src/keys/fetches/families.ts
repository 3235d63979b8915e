/**
 * The families of verifiers, each with how its User-Agent begins; who uses which library is what was
 * seen of their releases of 2026. The first that fits stands.
 */
const FAMILIES = [
  ['mintmark-verifier', /^mintmark-verifier\b/],
  ['jose', /^jose\//],
  ['node-fetch', /^node-fetch\b/],
  // Node's own fetch, as get-jwks and most others use it.
  ['node', /^(node|undici)\b/],
  ['axios', /^axios\//],
  ['got', /^got\b/],
  ['deno', /^Deno\//],
  ['bun', /^Bun\//],
  // PyJWT's PyJWKClient.
  ['python-urllib', /^Python-urllib\//],
  ['authlib', /^Authlib\//],
  ['python-requests', /^python-requests\//],
  ['python-httpx', /^python-httpx\//],
  ['python-aiohttp', /^Python\/\S+ aiohttp\//],
  // keyfunc, go-oidc and lestrrat's jwx; Traefik.
  ['go', /^Go-http-client\//],
  // Nimbus, and so Spring Security.
  ['java', /^(Java|Java-http-client|Apache-HttpClient|ReactorNetty)\//],
  ['okhttp', /^okhttp\//],
  ['ruby', /^(Ruby|Faraday\b|rest-client\/)/],
  ['php', /^(GuzzleHttp\/|Symfony HttpClient\b|PHP\b)/],
  ['envoy', /^envoy\b/i],
  ['haproxy', /^HAProxy\b/i],
  ['nginx', /^(nginx|njs)\b/i],
  // Both Apache modules; the first puts the server's name before its own.
  ['apache', /\b(mod_auth_openidc|mod_oauth2|liboauth2)\b/],
  // Kong and APISIX.
  ['lua-resty-http', /^lua-resty-http\//],
  ['curl', /^curl\//],
  ['wget', /^Wget\//],
  ['browser', /^Mozilla\//],
] as const

/** Who says nothing: jwks-rsa, .NET's HttpClient, Rust's reqwest. */
const UNNAMED = 'unnamed'

/** No more of a User-Agent is looked at. In characters. */
const LIMIT = 256

/**
 * The family of verifiers that a User-Agent names: one of a closed list, `unnamed` where there is none
 * and `other` for the rest. Nobody is bound to send the truth (RFC 9110 §10.1.5): it is good for seeing
 * who is there, and for no decision.
 */
export function familyOf(userAgent: string | undefined): string {
  const agent = userAgent?.slice(0, LIMIT).trim()
  if (!agent) return UNNAMED
  return FAMILIES.find(([, pattern]) => pattern.test(agent))?.[0] ?? 'other'
}
