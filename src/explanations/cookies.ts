import { type Explanation, README, rfc } from './explanation.ts'

/** What is particular to pages, and to refresh tokens in cookies. */
export const COOKIES = {
  csrf_header_missing: {
    title: 'The header X-CSRF is missing',
    cause:
      'A request with a refresh token cookie, or a login of a client with cookies, needs `X-CSRF: 1`. A foreign page cannot send it without having been allowed to, so its forms and images achieve nothing.',
    confirm: ['Look at the request headers: `X-CSRF` is missing, or is not exactly `1`.'],
    remedy: {
      app: "Call with `fetch(url, { method: 'POST', credentials: 'include', headers: { 'X-CSRF': '1' } })`. Nothing has changed: the session lives.",
    },
    related: ['cross_site_request', 'origin_not_allowed'],
    see: [README, rfc(9700, '4.7')],
  },
  cross_site_request: {
    title: 'A page of another site must not use the cookie',
    cause:
      'The browser says in `Sec-Fetch-Site` that the page is of another site than this service. Either a foreign page tries its luck, or page and service are not of one site (app.example.com and auth.example.com are), and then the cookie would not be sent anyway.',
    confirm: [
      'Run `mintmark doctor --origin https://app.example`: it says whether pages there can call and use cookies.',
      'Look at `Sec-Fetch-Site` and `Origin` of the request.',
    ],
    remedy: {
      app: 'Serve the page from the same site as this service. If that cannot be, use a client whose refresh token travels in the body.',
      operator: 'Put the service under a name of the site of its pages, and set `ISSUER` to it.',
    },
    related: ['origin_not_allowed', 'csrf_header_missing'],
    see: [README],
  },
  origin_not_allowed: {
    title: 'Pages of this origin may not call',
    cause:
      'No client is registered for the origin of the page (then the preflight is refused), or not the client whose cookie it is. It is also said where a request with a cookie has neither an `Origin` nor `Sec-Fetch-Site: same-origin`, as from a program that is no browser.',
    confirm: [
      'Run `mintmark doctor --origin <origin>`, and `mintmark clients show <client_id>` for its origins.',
      'The log names the origin as `refused_origin`. Scheme, name and port must all be the same; a path is no part of it.',
      'A new origin is known to every replica within a second, one taken away is refused within ten.',
    ],
    remedy: {
      app: 'See from which address the page really comes: http or https, with or without www, which port.',
      operator: '`mintmark clients update <client_id> --add-origin https://app.example`.',
    },
    related: ['cross_site_request', 'csrf_header_missing'],
    see: [README, rfc(6454, '7')],
  },
  cookie_repeated: {
    title: 'The refresh token cookie was sent twice',
    cause:
      'The `Cookie` header has two cookies of one name, of which one may have been planted. A browser does not do that with the names used over https; a proxy or a program of your own does.',
    confirm: ['Look at the `Cookie` header of the request as it arrives at the service.'],
    remedy: {
      app: 'On localhost, delete the cookies of the site once: other programs there share them.',
      service: 'A proxy must pass the `Cookie` header on as it is.',
    },
    related: ['cookie_ambiguous'],
    see: [rfc(6265, '5.4')],
  },
  cookie_ambiguous: {
    title: 'Several clients have a cookie here, and the request names none',
    cause:
      'The browser holds refresh token cookies of more than one client that this page may call for (or of more than ten clients in all). Which one is meant cannot be guessed.',
    confirm: [
      'Look at the cookies of the service in the browser: each name ends in the `client_id` it belongs to.',
    ],
    remedy: {
      app: 'Send `client_id` in the body of the refresh and of the logout. No session was touched.',
    },
    related: ['refresh_token_ambiguous', 'cookie_outdated'],
    see: [README],
  },
  cookie_outdated: {
    title: 'The refresh token cookie is an old one',
    cause:
      'Its client is registered no more, or keeps its refresh token in the body now, or the cookie has the name that the service uses under the other scheme (http and https have different ones). Cookies that can be of no use are cleared with the answer.',
    confirm: [
      'Run `mintmark clients show <client_id>`, with the id at the end of the cookie’s name, and look at where its refresh token travels.',
      'Was `ISSUER` changed from http to https, or was the client changed by `--refresh-token-in`?',
    ],
    remedy: {
      app: 'Have the user log in. If the client has no cookies, send `refresh_token` in the body.',
      operator:
        '`mintmark clients update <client_id> --refresh-token-in cookie` if it should have.',
    },
    related: ['cookie_missing', 'cookie_required'],
  },
  cookie_missing: {
    title: 'No refresh token cookie came along',
    cause:
      'The request looks like one of a page with cookies (it has `X-CSRF: 1` and no refresh token), but the browser sent no cookie. Nobody is logged in here, or the page did not send credentials, or the browser keeps the cookie from it because page and service are not of one site.',
    confirm: [
      'Look at the cookies of the service in the browser: is there one whose name ends in the `client_id`?',
      "If there is, look at the call: it needs `credentials: 'include'`.",
      'Run `mintmark doctor --origin <origin>`: it says whether cookies can work from there.',
    ],
    remedy: {
      app: "If there is no cookie, show the login page: this is what a page learns on its first visit. Else add `credentials: 'include'`, at the login as well, since without it the cookie is not even stored.",
    },
    related: ['cookie_outdated', 'cross_site_request', 'client_authentication_missing'],
    see: [README],
  },
  cookie_required: {
    title: 'The refresh token of this client comes in its cookie alone',
    cause:
      'The client is registered for cookies, so no script ever sees its refresh token, yet one came in the body. Either the app was written for the other way, or the token was taken from the cookie by somebody.',
    confirm: [
      'Run `mintmark clients show <client_id>` and look at where its refresh token travels.',
      'The answer to its login has no `refresh_token`, and a `Set-Cookie` in its place.',
    ],
    remedy: {
      app: "Call `POST /refresh` without `refresh_token`, with `credentials: 'include'` and `X-CSRF: 1`.",
      operator:
        'If no app of yours sends it, treat the session as stolen: `mintmark sessions end <sid>`.',
    },
    related: ['cookie_outdated', 'refresh_token_ambiguous'],
    see: [README],
  },
  refresh_token_ambiguous: {
    title: 'One refresh token is in the body and another in a cookie',
    cause:
      'The request could mean either, and a foreign page might count on that. A token in the body with the `client_id` of a client without cookies is clear, and so is a cookie alone.',
    confirm: ['Look at the body and at the `Cookie` header of the request.'],
    remedy: {
      app: "Send one of them: leave `refresh_token` out, or send it with its `client_id` and `credentials: 'omit'`. Nothing was used up.",
    },
    related: ['cookie_ambiguous', 'cookie_required'],
  },
} satisfies Record<string, Explanation>
