import { attack } from '../support/attacks.ts'
import { createTestService, type TestService } from '../support/service.ts'

const get = (service: TestService, url: string) => service.inject({ method: 'GET', url })

attack(175, 'Swagger UI is off in production unless it is asked for', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/docs', '/docs/', '/docs/json', '/docs/static/swagger-initializer.js']) {
    t.equal((await get(service, url)).statusCode, 404, url)
  }
})

attack(175, 'Swagger UI can be kept behind a password', async (t) => {
  const service = await createTestService(t, { env: { DOCS_PASSWORD: 'correct horse' } })
  for (const url of ['/docs/', '/docs/json', '/docs/static/swagger-initializer.js']) {
    t.equal((await get(service, url)).statusCode, 401, url)
  }
})

attack(175, 'Swagger UI runs under a policy that lets nothing else in', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  for (const url of ['/docs', '/docs/', '/docs/static/swagger-ui-bundle.js']) {
    const policy = String((await get(service, url)).headers['content-security-policy'])
    const directives = new Map(
      policy.split('; ').map((directive) => {
        const [name, ...sources] = directive.split(' ')
        return [name, sources.join(' ')]
      }),
    )
    t.equal(directives.get('default-src'), "'none'", url)
    t.equal(directives.get('frame-ancestors'), "'none'", url)
    t.equal(directives.get('script-src'), "'self'", url)
    t.equal(directives.get('style-src'), "'self'", url)
    t.equal(directives.get('connect-src'), "'self'", url)
    t.notMatch(policy, /unsafe|https?:|\*/, url)
  }
  const page = await get(service, '/docs/')
  t.notMatch(page.body, /(src|href)="(https?:)?\/\//, 'nothing comes from elsewhere')
  t.notMatch(page.body, /<(script|style)(?![^>]*\bsrc=)[^>]*>|\son\w+=/, 'and nothing is inline')
})

attack(175, 'Swagger UI shows no secret in production', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  const { secret } = await service.addBackend()
  const initializer = (await get(service, '/docs/static/swagger-initializer.js')).body
  t.match(initializer, 'ui.initOAuth({})', 'nothing is prefilled')
  t.notMatch(initializer, 'x-development', 'nor looked for')
  t.match(initializer, /"?persistAuthorization"?: ?false/, 'and nothing is kept')
  for (const url of ['/docs/json', '/openapi.json']) {
    const { body } = await get(service, url)
    t.match(body, 'Mintmark', url)
    t.notMatch(body, 'x-development', url)
    t.notMatch(body, 'In development', url)
    t.notMatch(body, /mm_cs_/, url)
    t.notMatch(body, secret, url)
  }
})
