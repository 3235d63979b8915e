import fastify from 'fastify'
import auth from 'mintmark/verifier/fastify'

const { ISSUER = 'http://localhost:3000', AUDIENCE = 'https://orders.example' } = process.env
const { PORT = '4000' } = process.env

const app = fastify({ logger: true })
await app.register(auth, {
  issuer: ISSUER,
  audience: AUDIENCE,
  revocation: 'stream', // a logout is heard of at once
  onStale: (event) => app.log.warn(event, 'cannot be fetched anew'),
})
app.get('/orders', { onRequest: app.requireAuth({ scope: 'orders:read' }) }, async (request) => ({
  orders_of: request.auth.claims.sub,
  client: request.auth.claims.client_id,
  orders: [],
}))
await app.listen({ port: Number(PORT) })
