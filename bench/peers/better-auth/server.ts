import { createServer } from 'node:http'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { openPool } from '../database.ts'
import { AUDIENCE, CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SCOPE } from '../parties.ts'
import { form, readPlace, serve } from '../peer.ts'
import { createAuth, createOptions } from './auth.ts'
import { addClients, seed } from './seed.ts'

const place = readPlace()
const pool = openPool(place.databaseUrl)
const migrations = await getMigrations(createOptions(pool, place.issuer))
await migrations.runMigrations()
const auth = createAuth(pool, place.issuer)
await addClients(auth)
const seeds = await seed(pool, place.chains)

const confidential = `client_id=${CONFIDENTIAL_CLIENT}&client_secret=${CLIENT_SECRET}`
const scope = encodeURIComponent(SCOPE)
const resource = encodeURIComponent(AUDIENCE)
await serve(
  place,
  createServer(toNodeHandler(auth)),
  {
    rotate: form(
      '/api/auth/oauth2/token',
      `grant_type=refresh_token&client_id=${PUBLIC_CLIENT}&refresh_token={value}`,
      { values: seeds.rotate, next: 'refresh_token' },
    ),
    client_credentials: form(
      '/api/auth/oauth2/token',
      `grant_type=client_credentials&${confidential}&scope=${scope}&resource=${resource}`,
    ),
    introspect: form(
      '/api/auth/oauth2/introspect',
      `${confidential}&token_type_hint=access_token&token={value}`,
      { values: seeds.introspect },
    ),
    revoke: form(
      '/api/auth/oauth2/revoke',
      `client_id=${PUBLIC_CLIENT}&token_type_hint=refresh_token&token={value}`,
      { values: seeds.revoke, once: true },
    ),
    jwks: { method: 'GET', path: '/api/auth/jwks', headers: {} },
  },
  () => pool.end(),
)
