import { haproxyScript } from './haproxy-script.ts'
import { addressOf, type Gateway, type GatewaySettings } from './settings.ts'

/** So many keys of one algorithm are read; there are three of them at most times. */
const KEY_SLOTS = 8

/** HAProxy reads no array whole: so many audiences of one token are looked at. A client has 20 at most. */
const AUDIENCES = 20

/** HAProxy 2.5 and newer verify themselves, with keys from files. */
export const haproxy: Gateway = {
  config,
  companion: {
    file: 'mintmark-keys',
    print: (settings) => haproxyScript(settings, KEY_SLOTS),
  },
  verifies: ['ES256', 'ES384', 'RS256'],
}

function config(settings: GatewaySettings): string {
  const { issuer, audience, algorithm, typ, upstream, port, keyFolder } = settings
  const { name, port: upstreamPort, tls } = addressOf(upstream)
  const slots = Array.from({ length: KEY_SLOTS }, (_, index) => `${keyFolder}/${index + 1}.pem`)
  const audiences = Array.from({ length: AUDIENCES }, (_, index) => `$.aud[${index}]`)
  return `# HAProxy in front of ${upstream}, for tokens with the audience ${audience}
#
# HAProxy (2.5 or newer) reads keys from files, when it starts and when it is reloaded. So first
#   mintmark gateway companion haproxy >/usr/local/sbin/mintmark-keys
# with the same options, and run that: now, and by cron every five minutes. It fetches the keys into
# ${keyFolder}, and reloads HAProxy when they are others. Then put this file
# beside your haproxy.cfg: haproxy -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/mintmark.cfg
# A key is published long before it signs (KEY_PUBLISH_AHEAD), so it is here in time.
# 401 is a bad token; what is decided here is decided offline, also while Mintmark is away.

defaults mintmark
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend mintmark from mintmark
    bind :${port}

    # HAProxy reads only the files that it finds named: no rule below asks for these.
${slots.map((path, index) => `    acl key_${index + 1} var(txn.bearer),jwt_verify("${algorithm}","${path}") -m int 1`).join('\n')}

    http-request set-var(txn.bearer) http_auth_bearer
    http-request set-var(txn.key) var(txn.bearer),jwt_header_query('$.kid'),map(${keyFolder}/keys.map)
    http-request set-var(txn.verified) var(txn.bearer),jwt_verify("${algorithm}",txn.key) if { var(txn.key) -m found }
    http-request set-var(txn.now) date
    http-request set-var(txn.life) var(txn.bearer),jwt_payload_query('$.exp','int'),sub(txn.now)
    http-request set-var(txn.sub) var(txn.bearer),jwt_payload_query('$.sub'),regsub('%','%25',g),regsub('^[[:space:]]','%20'),regsub('[[:space:]]$','%20')
    http-request set-var(txn.client) var(txn.bearer),jwt_payload_query('$.client_id')
    http-request set-var(txn.scope) var(txn.bearer),jwt_payload_query('$.scope')

    acl has_token var(txn.bearer) -m found
    acl right_alg var(txn.bearer),jwt_header_query('$.alg') -m str "${algorithm}"
    acl right_typ var(txn.bearer),jwt_header_query('$.typ') -m str "${typ}"
    acl verified var(txn.verified) -m int 1
    acl alive var(txn.life) -m int gt 0
    acl right_iss var(txn.bearer),jwt_payload_query('$.iss') -m str "${issuer}"
    acl right_aud var(txn.bearer),jwt_payload_query('$.aud') -m str "${audience}"
${audiences.map((path) => `    acl right_aud var(txn.bearer),jwt_payload_query('${path}') -m str "${audience}"`).join('\n')}

    http-request return status 401 hdr WWW-Authenticate 'Bearer' if !has_token
    http-request return status 401 hdr WWW-Authenticate 'Bearer error="invalid_token"' unless right_alg right_typ verified alive right_iss right_aud

    # A subject's % and the spaces around it are percent-encoded; what is not ASCII comes as UTF-8.
    # What a client says of itself in these is replaced, also by nothing. CGI, WSGI and PHP read
    # X_Auth_Subject as X-Auth-Subject, so that goes, too.
    http-request del-header ^x[^a-z0-9]auth[^a-z0-9] -m reg
    http-request set-header X-Auth-Subject "%[var(txn.sub)]"
    http-request set-header X-Auth-Client "%[var(txn.client)]"
    http-request set-header X-Auth-Scope "%[var(txn.scope)]" if { var(txn.scope) -m found }
    # The token that was verified, should there be two.
    http-request set-header Authorization "Bearer %[var(txn.bearer)]"
    use_backend mintmark_upstream

backend mintmark_upstream from mintmark
    option forwardfor
    server upstream ${name}:${upstreamPort}${tls ? ` ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt sni str(${name})` : ''}
`
}
