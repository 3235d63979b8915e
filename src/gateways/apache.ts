import {
  addressOf,
  CACHE_SECONDS,
  type Gateway,
  type GatewaySettings,
  IDENTITY_HEADERS,
  jwksOf,
  lookalikesOf,
} from './settings.ts'

/** Apache with mod_oauth2, which is the successor of what mod_auth_openidc did for bearer tokens. */
export const apache: Gateway = { config, verifies: ['ES256', 'ES384', 'RS256', 'PS256'] }

function config(settings: GatewaySettings): string {
  const { issuer, audience, algorithm, typ, upstream, port } = settings
  const { tls } = addressOf(upstream)
  // The head of every token of ours begins with the same bytes: 30 of them, or 27, are whole groups.
  const head = Buffer.from(`{"alg":"${algorithm}","typ":"${typ}",`).toString('base64url')
  return `# Apache in front of ${upstream}, for tokens with the audience ${audience}
#
# Put it into /etc/apache2/sites-available/mintmark.conf. On Debian:
#   apt install libapache2-mod-oauth2
#   a2enmod oauth2 headers setenvif proxy proxy_http${tls ? ' ssl' : ''} && a2ensite mintmark && systemctl reload apache2
# mod_oauth2 fetches the JWK set and keeps it for ${CACHE_SECONDS} s; a kid that it does not know makes it fetch
# again. It verifies offline, as long as it has the keys. It answers 401 where the keys cannot be had,
# as for a bad token: a client that refreshes on a 401 before it logs anybody out is safe.

Listen ${port}

# One entry holds the whole JWK set, or one token with its claims.
OAuth2Cache shm name=mintmark&max_val_size=32768&max_entries=200

<VirtualHost *:${port}>
${tls ? TLS : ''}    ProxyPass "/" "${upstream}/"
    ProxyPassReverse "/" "${upstream}/"

    <Location "/">
        # Only a token whose head says "alg":"${algorithm}" and "typ":"${typ}", and so no other kind of JWT.
        SetEnvIf Authorization "^[Bb]earer (${head}[A-Za-z0-9_.-]+)$" MINTMARK_TOKEN=$1
        OAuth2AcceptTokenIn environment name=MINTMARK_TOKEN

        AuthType oauth2
        # No result is kept: a kept one would outlive its token.
        OAuth2TokenVerify jwks_uri ${jwksOf(settings)} jwks_uri.cache=mintmark&jwks_uri.expiry=${CACHE_SECONDS}&cache=mintmark&expiry=0&verify.exp=required
        OAuth2TargetPass headers=off&envvars=on&remote_user_claim=sub
        <RequireAll>
            Require oauth2_claim iss:${issuer}
            Require oauth2_claim aud:${audience}
        </RequireAll>
        # Of the two that Require refuses, mod_oauth2 says nothing (RFC 6750 section 3).
        Header always setifempty WWW-Authenticate "Bearer error=\\"invalid_token\\"" "expr=%{REQUEST_STATUS} == 401 && -z %{resp:WWW-Authenticate}"

        # What a client says of itself in these is replaced, also by nothing. CGI, WSGI and PHP read
        # X_Auth_Subject as X-Auth-Subject, so that goes, too.
${[...IDENTITY_HEADERS, ...lookalikesOf(IDENTITY_HEADERS)].map((name) => `        RequestHeader unset ${name}`).join('\n')}
        RequestHeader set X-Auth-Subject %{OAUTH2_CLAIM_sub}e env=OAUTH2_CLAIM_sub
        # A subject's % and the spaces around it are percent-encoded; what is not ASCII comes as UTF-8.
        RequestHeader edit* X-Auth-Subject "%" "%%25"
        RequestHeader edit X-Auth-Subject "^\\s" "%%20"
        RequestHeader edit X-Auth-Subject "\\s$" "%%20"
        RequestHeader set X-Auth-Client %{OAUTH2_CLAIM_client_id}e env=OAUTH2_CLAIM_client_id
        RequestHeader set X-Auth-Scope %{OAUTH2_CLAIM_scope}e env=OAUTH2_CLAIM_scope
    </Location>
</VirtualHost>
`
}

const TLS = `    SSLProxyEngine on
    SSLProxyVerify require
    SSLProxyCACertificateFile /etc/ssl/certs/ca-certificates.crt
`
