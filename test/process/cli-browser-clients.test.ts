import t from 'tap'
import { commandLine } from '../support/cli.ts'
import { production } from '../support/process.ts'
import { createTestService } from '../support/service.ts'

t.test(
  'which pages may call is registered, changed, and explained where it cannot work',
  async (t) => {
    const service = await createTestService(t)
    const mintmark = commandLine(production(service.databaseUrl))
    const show = async () => (await mintmark(['clients', 'show', 'spa', '--json'])).json()

    const create = ['clients', 'create', 'spa', '--auth-method', 'none']
    const created = await mintmark([
      ...[...create, '--grant', 'password', 'refresh_token', '--refresh-token-in', 'cookie'],
      ...['--origin', 'https://app.auth.example', 'https://shop.other'],
      ...['--session-max-ttl', '1h'],
    ])
    t.equal(created.code, 0, created.stderr)
    t.match(created.stderr, /a page of https:\/\/shop\.other can never send/, 'of another site')
    t.match(created.stderr, /its session_max_ttl \(1h\) is shorter than SESSION_IDLE_TTL \(14d\)/)
    t.match(await show(), {
      allowed_origins: ['https://app.auth.example', 'https://shop.other'],
      refresh_token_in: 'cookie',
    })

    const update = ['clients', 'update', 'spa']
    const fitting = ['--session-max-ttl', 'default']
    const one = await mintmark([...update, '--origin', 'https://app.auth.example', ...fitting])
    t.match(one, { code: 0, stdout: /origins +https:\/\/app\.auth\.example\n/, stderr: '' })
    t.match(await show(), { refresh_token_in: 'cookie' }, 'what is left out stays')
    const short = ['--session-idle-ttl', '1m']
    const more = await mintmark([...update, '--add-origin', 'https://b.auth.example', ...short])
    t.match(more, {
      code: 0,
      stderr: /its session_idle_ttl \(1m\) is shorter than ACCESS_TOKEN_TTL/,
    })
    t.match(await show(), {
      allowed_origins: ['https://app.auth.example', 'https://b.auth.example'],
    })
    await mintmark([...update, '--no-origins', '--refresh-token-in', 'body'])
    t.match(await show(), { allowed_origins: [], refresh_token_in: 'body' })

    t.match(await mintmark(update), { code: 2, stderr: /nothing to change/ })
    t.match(await mintmark([...update, '--origin', 'https://x.example/']), {
      code: 2,
      stderr: /origin must be scheme, host and port/,
    })
    t.match(await mintmark(['clients', 'update', 'spy', '--no-origins']), {
      code: 1,
      stderr: /no client spy/,
    })
    t.match(await mintmark(['clients', 'create', 'b', '--refresh-token-in', 'cookie']), {
      code: 2,
      stderr: /cookies are for public clients/,
    })
  },
)
