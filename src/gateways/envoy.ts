import {
  addressOf,
  CACHE_SECONDS,
  type Gateway,
  type GatewaySettings,
  IDENTITY_HEADERS,
  jwksOf,
} from './settings.ts'

/** Envoy verifies itself, with a JWK set that it fetches in the background. */
export const envoy: Gateway = { config }

const CLAIMS = { 'X-Auth-Subject': 'sub', 'X-Auth-Client': 'client_id', 'X-Auth-Scope': 'scope' }

function config(settings: GatewaySettings): string {
  const { issuer, audience, algorithm, typ, service, upstream, port } = settings
  return `# Envoy in front of ${upstream}, for tokens with the audience ${audience}
#
# Run it, in version 1.33 or newer, by: envoy -c mintmark.yaml
# jwt_authn fetches the JWK set before the port is opened and again every ${CACHE_SECONDS} s, and goes on with
# what it has while Mintmark is away. It does not fetch for a kid that it does not know: a new key is
# published long before it signs (KEY_PUBLISH_AHEAD), so it is here in time.
# 401 is a bad token, 403 one for another audience, algorithm or purpose, 400 an underscore in the name
# of a header. The subject comes as it is, in UTF-8: a header loses spaces around it, so let no two users
# differ by these alone.

static_resources:
  listeners:
    - name: mintmark
      address: { socket_address: { address: 0.0.0.0, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: mintmark
                use_remote_address: true
                normalize_path: true
                # CGI, WSGI and PHP read X_Auth_Subject as X-Auth-Subject.
                common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }
                route_config:
                  virtual_hosts:
                    - name: upstream
                      domains: ["*"]
                      routes:
                        - match: { prefix: "/" }
                          route: { cluster: upstream }
                http_filters:
                  # What a client says of itself in these is nobody's word.
                  - name: envoy.filters.http.header_mutation
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
                      mutations:
                        request_mutations:
${IDENTITY_HEADERS.map((name) => `                          - remove: ${name}`).join('\n')}
                  - name: envoy.filters.http.jwt_authn
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
                      providers:
                        mintmark:
                          issuer: "${issuer}"
                          audiences: ["${audience}"]
                          require_expiration: true
                          clock_skew_seconds: 30
                          forward: true
                          # Nowhere else: a token in a URL is in every log.
                          from_headers:
                            - { name: Authorization, value_prefix: "Bearer " }
                            - { name: Authorization, value_prefix: "bearer " }
                          header_in_metadata: header
                          claim_to_headers:
${IDENTITY_HEADERS.map((name) => `                            - { header_name: ${name}, claim_name: ${CLAIMS[name]} }`).join('\n')}
                          remote_jwks:
                            http_uri: { uri: "${jwksOf(settings)}", cluster: mintmark, timeout: 3s }
                            cache_duration: ${CACHE_SECONDS}s
                            async_fetch: { failed_refetch_duration: 1s }
                            retry_policy:
                              num_retries: 3
                              retry_back_off: { base_interval: 0.2s, max_interval: 2s }
                      rules:
                        - match: { prefix: "/" }
                          requires: { provider_name: mintmark }
                  # jwt_authn takes any algorithm that a key has, and any kind of JWT.
                  - name: envoy.filters.http.rbac
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
                      rules:
                        action: ALLOW
                        policies:
                          access_tokens:
                            permissions: [{ any: true }]
                            principals:
                              - and_ids:
                                  ids:
                                    - sourced_metadata:
                                        metadata_matcher:
                                          filter: envoy.filters.http.jwt_authn
                                          path: [{ key: header }, { key: alg }]
                                          value: { string_match: { exact: "${algorithm}" } }
                                    - sourced_metadata:
                                        metadata_matcher:
                                          filter: envoy.filters.http.jwt_authn
                                          path: [{ key: header }, { key: typ }]
                                          value: { string_match: { exact: "${typ}" } }
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
${cluster('mintmark', service)}
${cluster('upstream', upstream)}
`
}

function cluster(name: string, url: string): string {
  const address = addressOf(url)
  const host = address.name.replace(/^\[|\]$/g, '')
  return `    - name: ${name}
      type: STRICT_DNS
      dns_lookup_family: ALL
      connect_timeout: 2s
      load_assignment:
        cluster_name: ${name}
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address: { socket_address: { address: "${host}", port_value: ${address.port} } }${address.tls ? tls(address.name) : ''}`
}

function tls(name: string): string {
  return `
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: "${name}"
          common_tls_context:
            validation_context:
              trusted_ca: { filename: /etc/ssl/certs/ca-certificates.crt }
              match_typed_subject_alt_names:
                - { san_type: DNS, matcher: { exact: "${name}" } }`
}
