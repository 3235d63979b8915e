import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { openPool } from '../database.ts'
import { AUDIENCE, CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SCOPE } from '../parties.ts'
import { form, readPlace, serve } from '../peer.ts'
import { createAdapter, createCollector, insertRows, makeTable, type Values } from './adapter.ts'
import { createConfiguration } from './configuration.ts'
import { seed } from './seed.ts'

const place = readPlace()
const pool = openPool(place.databaseUrl)
await makeTable(pool)

const configuration = await createConfiguration((model) => createAdapter(pool, model))
const rows: Values[] = []
const adapter = (model: string) => createCollector(rows, model)
const seeds = await seed(new Provider(place.issuer, { ...configuration, adapter }), place.chains)
await insertRows(pool, rows)
rows.length = 0

const provider = new Provider(place.issuer, configuration)
// All its errors are for the caller to see; what it cannot explain ends up here.
provider.on('server_error', (_ctx, error) => console.error(error))

const confidential = `client_id=${CONFIDENTIAL_CLIENT}&client_secret=${CLIENT_SECRET}`
const scope = encodeURIComponent(SCOPE)
const resource = encodeURIComponent(AUDIENCE)
await serve(
  place,
  createServer(provider.callback()),
  {
    rotate: form(
      '/token',
      `grant_type=refresh_token&client_id=${PUBLIC_CLIENT}&refresh_token={value}`,
      { values: seeds.rotate, next: 'refresh_token' },
    ),
    client_credentials: form(
      '/token',
      `grant_type=client_credentials&${confidential}&scope=${scope}&resource=${resource}`,
    ),
    introspect: form(
      '/token/introspection',
      `${confidential}&token_type_hint=access_token&token={value}`,
      { values: seeds.introspect },
    ),
    revoke: form(
      '/token/revocation',
      `client_id=${PUBLIC_CLIENT}&token_type_hint=refresh_token&token={value}`,
      { values: seeds.revoke, once: true },
    ),
    jwks: { method: 'GET', path: '/jwks', headers: {} },
  },
  () => pool.end(),
)
