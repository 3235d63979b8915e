import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parseDuration } from '../src/base/duration.ts'
import { VARIABLES } from '../src/config/variables.ts'
import { readConfig } from '../src/config.ts'
import { composeServices, composeText } from './support/compose-file.ts'
import { TEST_MASTER_KEY } from './support/template.ts'

const SECRETS = {
  POSTGRES_PASSWORD: 'dc0ffee',
  MASTER_KEYS: `1:${TEST_MASTER_KEY.key.toString('base64')}`,
}

t.test('both containers of ours are shut as far as they go', async (t) => {
  const { mintmark, migrate } = await composeServices(SECRETS)
  for (const service of [mintmark, migrate]) {
    t.match(service, {
      build: '.',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      ulimits: { core: 0 },
    })
    for (const opening of ['volumes', 'tmpfs', 'privileged', 'user', 'cap_add', 'entrypoint']) {
      t.notOk(service?.[opening], opening)
    }
  }
  t.strictSame(mintmark?.ports, ['127.0.0.1:3000:3000'], 'plain HTTP stays on this machine')
  const grace = parseDuration(mintmark?.stop_grace_period ?? '') ?? 0
  t.ok(grace > (parseDuration(VARIABLES.shutdownTimeoutSeconds.default) ?? 0), 'time to finish')
})

t.test('the database is there, then migrated, before the service starts', async (t) => {
  const { mintmark, migrate, postgres } = await composeServices(SECRETS)
  t.match(migrate?.depends_on, { postgres: { condition: 'service_healthy' } })
  t.match(mintmark?.depends_on, { migrate: { condition: 'service_completed_successfully' } })
  t.strictSame(migrate?.command, ['mintmark', 'migrate', 'up'])
  t.equal(mintmark?.command, undefined, 'the image’s own')
  t.equal(mintmark?.healthcheck, undefined, 'the image’s own')
  t.strictSame(postgres?.healthcheck?.test?.slice(0, 3), ['CMD', 'pg_isready', '--host=127.0.0.1'])
  const [, major] = /:(\d+)$/.exec(postgres?.image ?? '') ?? []
  t.ok(Number(major) >= 18, 'from 18 on the volume is one folder further up')
  t.strictSame(postgres?.volumes, ['postgres:/var/lib/postgresql'])
  t.equal(postgres?.ports, undefined)
})

t.test('the service accepts what Compose gives it', async (t) => {
  const { mintmark, postgres } = await composeServices(SECRETS)
  const config = readConfig(mintmark?.environment ?? {})
  t.match(config, { development: false, issuer: 'http://localhost:3000', port: 3000 })
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres?.environment ?? {}
  const url = `postgresql://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgres/${POSTGRES_DB}`
  t.equal(config.databaseUrl, url)

  const moved = await composeServices({ ...SECRETS, PORT: '4000' })
  t.match(moved.mintmark?.environment, { ISSUER: 'http://localhost:4000' })
  t.strictSame(moved.mintmark?.ports, ['127.0.0.1:4000:4000'])
})

t.test('there is no default for a secret, and no variable that nobody reads', async (t) => {
  for (const name of Object.keys(SECRETS)) {
    const message = new RegExp(`^${name} is missing a value: write it to .env`)
    await t.rejects(composeServices({ ...SECRETS, [name]: undefined }), { message })
  }
  const asked = [...(await composeText()).matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string)
  const known = [...Object.values(VARIABLES).map(({ name }) => name), 'POSTGRES_PASSWORD']
  for (const name of asked) t.ok(known.includes(name), name)
  const ignored = await readFile(new URL('../.gitignore', import.meta.url), 'utf8')
  t.ok(ignored.split('\n').includes('.env'), 'they are not committed')
})
