import { addressOf, forwardAuthOf, type Gateway, type GatewaySettings } from './settings.ts'

/** nginx has no JWT module in its open edition: for each request it asks the service. */
export const nginx: Gateway = { config, asksService: true }

function config(settings: GatewaySettings): string {
  const { audience, service, upstream, port } = settings
  const { host, name, port: servicePort, tls } = addressOf(service)
  const verify = new URL(forwardAuthOf(settings))
  return `# nginx in front of ${upstream}, for tokens with the audience ${audience}
#
# Put it into /etc/nginx/conf.d/mintmark.conf, then: nginx -t && systemctl reload nginx
# The module auth_request comes with Debian's nginx and with the images of nginx.org. For each request
# it asks Mintmark, which answers from memory and knows signature, iss, aud, exp, typ and every key.
# 401 is a bad token. While Mintmark is away nothing is decided: 503, which is no reason to log out.

upstream mintmark {
    # There is no other to go to while it is tried again.
    server ${name}:${servicePort} max_fails=0;
    keepalive 16;
}

server {
    listen ${port};
    # CGI, WSGI and PHP read X_Auth_Subject as X-Auth-Subject, so no such header is passed on. Of all
    # servers on this port, what the default_server says of it goes.
    underscores_in_headers off;
    ignore_invalid_headers on;

    location / {
        auth_request /_mintmark;
        auth_request_set $auth_subject $upstream_http_x_auth_subject;
        auth_request_set $auth_client $upstream_http_x_auth_client;
        auth_request_set $auth_scope $upstream_http_x_auth_scope;
        error_page 500 =503 @mintmark_away;

        # What a client says of itself in these is replaced, also by nothing.
        proxy_set_header X-Auth-Subject $auth_subject;
        proxy_set_header X-Auth-Client $auth_client;
        proxy_set_header X-Auth-Scope $auth_scope;
        # The token that was judged, should there be two.
        proxy_set_header Authorization $http_authorization;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_pass ${upstream};
${tlsOf(addressOf(upstream))}    }

    location = /_mintmark {
        internal;
        proxy_pass ${tls ? 'https' : 'http'}://mintmark${verify.pathname}${verify.search};
        proxy_pass_request_headers off;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header Host ${host};
        proxy_set_header Authorization $http_authorization;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_connect_timeout 2s;
        proxy_read_timeout 3s;
        proxy_next_upstream error timeout http_503;
        proxy_next_upstream_tries 3;
${tlsOf({ tls, name })}    }

    location @mintmark_away {
        add_header Retry-After 2 always;
        return 503;
    }
}
`
}

function tlsOf({ tls, name }: { tls: boolean; name: string }): string {
  if (!tls) return ''
  return `        proxy_ssl_server_name on;
        proxy_ssl_name ${name};
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 3;
        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
`
}
