import fastify from 'fastify'
import t from 'tap'
import { compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { requireStatedSecurity } from '../../src/http/plugins/not-found.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

const answer = async () => 'answer'

t.test('a route without a word on its security cannot be registered', async (t) => {
  const app = fastify()
  requireStatedSecurity(app)
  const refusal = { message: 'GET /open must state its security in its schema' }
  for (const options of [{}, { schema: {} }, { schema: { security: undefined } }]) {
    t.throws(() => app.get('/open', options as object, answer), refusal, JSON.stringify(options))
  }
  t.doesNotThrow(() => app.get('/public', { schema: { security: [] } }, answer))
  t.doesNotThrow(() => app.get('/guarded', { schema: { security: [{ bearer: [] }] } }, answer))
  t.doesNotThrow(() => app.get('/hidden', { schema: { hide: true } }, answer))
})

t.test('the service does not come up with such a route', async (t) => {
  const databaseUrl = 'postgresql://nobody@localhost:1/nothing'
  const environment = {
    DATABASE_URL: databaseUrl,
    ISSUER: 'https://auth.example',
    MASTER_KEYS: `1:${TEST_MASTER_KEY.key.toString('base64')}`,
  }
  const parts = compose({
    config: { ...readConfig(environment), databaseUrl },
    logger: createLogger({ level: 'silent' }),
    hostClock: createStoppedClock(),
    random: createSeededRandom(t.name),
  })
  const path = '../../src/http/app.ts'
  const { createApp } = await t.mockImport<typeof import('../../src/http/app.ts')>(path, {
    '../../src/http/plugins/openapi.ts': {
      describeApi: async (app: ReturnType<typeof fastify>) => app.get('/open', answer),
    },
  })
  await t.rejects(createApp({ ...parts, version: '0.0.0' }), {
    message: 'GET /open must state its security in its schema',
  })
})
