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
    ])
    t.equal(created.code, 0, created.stderr)
    t.match(created.stderr, /a page of https:\/\/shop\.other can never send/, 'of another site')
    t.match(await show(), {
      allowed_origins: ['https://app.auth.example', 'https://shop.other'],
      refresh_token_in: 'cookie',
    })

    const update = ['clients', 'update', 'spa']
    const one = await mintmark([...update, '--origin', 'https://app.auth.example'])
    t.match(one, { code: 0, stdout: /origins +https:\/\/app\.auth\.example\n/, stderr: '' })
    t.match(await show(), { refresh_token_in: 'cookie' }, 'what is left out stays')
    const more = await mintmark([...update, '--add-origin', 'https://b.auth.example'])
    t.equal(more.code, 0, more.stderr)
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
