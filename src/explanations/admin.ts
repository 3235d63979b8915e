import { type Explanation, rfc } from './explanation.ts'

/** What only the admin API answers with. */
export const ADMIN = {
  insufficient_scope: {
    title: 'The access token lacks the scope',
    status: 403,
    cause:
      'Each route of the admin API wants one scope, such as `mintmark:sessions:read`, and a gateway that asks `GET /forward-auth` may want one of its own; the token was not granted it.',
    confirm: [
      'The challenge in `WWW-Authenticate` names the scope; `mintmark token inspect -` shows those of the token.',
    ],
    remedy: {
      service: 'Ask for the scope at `/token`; left out, all scopes of the client are granted.',
      operator: 'Register a client with the scope: see `mintmark clients show <client_id>`.',
    },
    related: ['client_required', 'scope_not_allowed'],
    see: [rfc(6750, '3.1')],
  },
  client_required: {
    title: 'The admin API takes no token of a user',
    status: 403,
    cause:
      'The token is of a user’s session (it has a `sid`). The admin API is for clients that speak for themselves: no login of a user may become an operator’s.',
    confirm: ['Run `mintmark token inspect -`: it has a `sid`.'],
    remedy: {
      service: 'Get a token by `client_credentials`, with a client that has the scopes.',
    },
    related: ['insufficient_scope'],
  },
  client_unknown: {
    title: 'There is no client with this id',
    status: 404,
    cause: 'The `client_id` in the path is no registered client’s: it is mistyped, or was deleted.',
    confirm: ['Run `mintmark clients list`; letters count as they are written.'],
    remedy: {
      operator:
        'The sessions of a deleted client have ended with it: there is nothing left to cut off.',
    },
    related: ['client_deleted'],
  },
  user_unknown: {
    title: 'Nobody has this sub',
    status: 404,
    cause:
      'The `sub` in the path is no user’s and no session’s: it is mistyped, or it is a name. A name can change hands; the admin API takes a `sub` alone. Where a user has that name, the answer says which `sub` is meant.',
    confirm: [
      'Run `mintmark users list`, or look at the `sub` of one of the user’s tokens: letters count as they are written.',
    ],
    remedy: {
      operator:
        'Ask again with the `sub`. Of a user without any session, that your backend knows and Mintmark does not, there is nothing to end; sessions are forgotten 30 days after their greatest age.',
    },
    related: ['client_unknown', 'session_unknown'],
  },
  signing_key_unknown: {
    title: 'No signing key has this kid',
    status: 404,
    cause:
      'The `kid` in the path is that of no key, now or before: it is mistyped, or of another deployment.',
    confirm: ['`GET /keys`, or `mintmark keys status`, lists all of them; letters count.'],
    remedy: { operator: 'Ask again with the whole `kid`: no part of it is enough.' },
    related: ['key_exists'],
  },
  key_exists: {
    title: 'The key is here already',
    status: 409,
    cause:
      'A key has this thumbprint (RFC 7638), or had it: one that was retired or revoked does not come back.',
    confirm: ['`GET /keys` has its `kid`, and says what became of it.'],
    remedy: { operator: 'Import another key, or let Mintmark make one.' },
    related: ['signing_key_unknown', 'key_invalid'],
  },
  key_busy: {
    title: 'The next key begins to sign just now',
    status: 409,
    cause:
      'An imported key takes the place of the next one of its algorithm, which is about to sign: it may have signed already.',
    confirm: ['`GET /keys/plan` says when it signs.'],
    remedy: {
      operator: 'Import it again in twenty seconds: it takes the place of the one after that.',
    },
    related: ['key_exists'],
  },
  key_invalid: {
    title: 'This is no private key that could sign here',
    status: 400,
    cause:
      'It cannot be read, is public only, encrypted, a shared secret, too weak, of a kind that signs nothing here, or its parts do not belong together. The answer says which, and repeats nothing of it.',
    confirm: ['`openssl pkey -in <file> -noout -text` says what a PEM holds.'],
    remedy: {
      operator:
        'Send PKCS#8 as `pem`, or one JWK as `jwk`; with `alg` for an RSA key, which can sign by several.',
    },
    related: ['key_exists', 'parameter_invalid'],
  },
  cursor_invalid: {
    title: 'The cursor is not of this list',
    status: 400,
    cause:
      'A cursor goes on with one list and its filters. This one was made for another, was changed on the way, or was given out under a master key that is gone.',
    confirm: ['Compare the other parameters with those of the request that the cursor came from.'],
    remedy: {
      service: 'Repeat them as they were, or leave the cursor out and begin anew.',
    },
    related: ['parameter_invalid'],
  },
} satisfies Record<string, Explanation>
