import { createServer } from 'node:http'
import OAuth2Server from '@node-oauth/oauth2-server'
import { hash } from '@node-rs/argon2'
import { openPool } from '../database.ts'
import {
  ACCESS_TOKEN_TTL,
  CLIENT_SECRET,
  CONFIDENTIAL_CLIENT,
  PUBLIC_CLIENT,
  REFRESH_TOKEN_TTL,
  SCOPE,
} from '../parties.ts'
import { form, readPlace, serve } from '../peer.ts'
import { createSigner } from './access-token.ts'
import { createTokenEndpoint } from './endpoint.ts'
import { createModel } from './model.ts'
import { addSessions, addUser, createStore, makeTables } from './store.ts'

/** Mintmark's own cost of a password. */
const ARGON2_COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const USERNAME = 'alice'
const PASSWORD = 'correct-horse-battery-staple'

const place = readPlace()
const pool = openPool(place.databaseUrl)
await makeTables(pool)
const values = await addSessions(pool, place.chains)
await addUser(pool, USERNAME, await hash(PASSWORD, ARGON2_COST))

const endpoint = createTokenEndpoint(
  new OAuth2Server({
    model: createModel(createStore(pool), await createSigner(place.issuer)),
    accessTokenLifetime: ACCESS_TOKEN_TTL,
    refreshTokenLifetime: REFRESH_TOKEN_TTL,
    requireClientAuthentication: { password: false, refresh_token: false },
  }),
)

const scope = encodeURIComponent(SCOPE)
await serve(
  place,
  createServer((message, answer) => void endpoint(message, answer)),
  {
    rotate: form(
      '/token',
      `grant_type=refresh_token&client_id=${PUBLIC_CLIENT}&refresh_token={value}`,
      { values, next: 'refresh_token' },
    ),
    client_credentials: form(
      '/token',
      `grant_type=client_credentials&client_id=${CONFIDENTIAL_CLIENT}` +
        `&client_secret=${CLIENT_SECRET}&scope=${scope}`,
    ),
    password: form(
      '/token',
      `grant_type=password&client_id=${PUBLIC_CLIENT}&username=${USERNAME}&password=${PASSWORD}`,
    ),
  },
  () => pool.end(),
)
