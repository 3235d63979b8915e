import { type Explanation, REFRESH_DOCUMENT, rfc } from './explanation.ts'

/** What is the service's own trouble: nothing was decided, and no token is lost. */
export const OUTAGES = {
  database_unavailable: {
    title: 'The database cannot be used now',
    cause:
      'The database does not answer, takes no connections or no writes, is out of space, or has not the tables and rights that this version expects, as in the middle of an upgrade. Nothing was decided about any token. A refresh whose answer was lost can be repeated with the same token.',
    confirm: [
      'Ask `GET /readyz`: it says what is missing.',
      'Run `mintmark doctor`: it names each fault and what to do about it.',
      'The log has `request failed` under the `request_id`, with the message and SQLSTATE (`code`) of the database.',
    ],
    remedy: {
      app: 'Keep all tokens and try again after `Retry-After` seconds; with the same refresh token, for it is safe.',
      service:
        'Go on verifying offline: the keys that you hold are good for as long as `Cache-Control` says.',
      operator:
        'Bring the database back; no restart of this service is needed. `42P01` and `42703` mean that migrations are missing (`mintmark migrate up`), `42501` that the role lacks rights, `53300` that all connections are taken.',
    },
    related: ['not_ready', 'internal'],
    see: [REFRESH_DOCUMENT, rfc(9110, '15.6.4')],
  },
  master_key_missing: {
    title: 'The master key of a refresh token is not known here',
    cause:
      'A refresh token has the right form and names a master key of which the `MASTER_KEYS` of this replica say nothing. Mostly a new key was put first while this replica did not have it yet. Nothing was decided about the token or its session.',
    confirm: [
      'The log has `request failed` under the `request_id`, with the id of the key.',
      'Compare that id with the ids in `MASTER_KEYS` of every replica.',
    ],
    remedy: {
      app: 'Keep all tokens and try again after `Retry-After` seconds, with the same refresh token.',
      operator:
        'Put the key into `MASTER_KEYS` of every replica. To replace a master key, first append the new one on every replica, then put it first on every replica, run `mintmark keys reencrypt`, and keep the old one for as long as that says: until the last session from before has ended. Then `id:retired` in its place makes what is left of it `refresh_unknown`; without an entry it is this error.',
    },
    related: ['refresh_unknown', 'database_unavailable'],
    see: [REFRESH_DOCUMENT, rfc(9110, '15.6.4')],
  },
  not_ready: {
    title: 'The service is starting',
    cause:
      'The process runs and has not read its keys yet: it waits for the database, or for migrations. Until then it decides nothing.',
    confirm: [
      'Ask `GET /readyz`: the check that is not `ok` says why.',
      'The log has `waiting to become ready` with the `obstacle`.',
    ],
    remedy: {
      app: 'Keep all tokens and try again after `Retry-After` seconds.',
      operator:
        'Let the load balancer ask `/readyz` before it sends requests here. If migrations are pending, run `mintmark migrate up` or set `MIGRATE_ON_START=true`.',
    },
    related: ['database_unavailable'],
  },
  internal: {
    title: 'An error of ours',
    cause:
      'Something failed that should not: a fault of this service, not of the request. Nothing was decided against the caller.',
    confirm: [
      'Find the `request_id` in the log: the line `request failed` has the message and the stack.',
    ],
    remedy: {
      app: 'Keep all tokens. Try again once, later; if it comes again, send the `request_id` to the operator.',
      operator:
        'Report the line of the log, which holds no secret, with the version (`GET /version`).',
    },
    related: ['database_unavailable'],
  },
} satisfies Record<string, Explanation>
