import type { BrowserContext, Page } from 'playwright-core'
import { attack } from '../support/attacks.ts'
import { launchBrowser, skipWithoutBrowser } from '../support/browser.ts'
import { query } from '../support/database.ts'
import { production, startService } from '../support/process.ts'
import { createTestService } from '../support/service.ts'
import { startTlsFront } from '../support/tls-front.ts'
import { HOSTILE_PAGES } from './fixtures/hostile-pages.ts'

const SERVICE = 'https://auth.shop.test'
const APP = 'https://app.shop.test'
const FROM = { foreign: 'https://evil.test', sibling: 'https://evil.shop.test' }
const COOKIE = '__Host-mintmark-refresh-spa'

interface Called {
  status: number
  outcome: string | null
  requestId: string | null
  /** The answer's JSON; null without one. */
  body: Record<string, unknown> | null
  /** What scripts of the page see of its cookies. */
  readable: string
}

/** Calls the service from a page of the frontend, as its documentation says. */
const call = (page: Page, path: string, form: Record<string, string> = {}): Promise<Called> =>
  page.evaluate(`(async () => {
    const answer = await fetch(${JSON.stringify(`${SERVICE}${path}`)}, {
      method: 'POST',
      credentials: 'include',
      headers: { 'X-CSRF': '1' },
      body: new URLSearchParams(${JSON.stringify(form)}),
    })
    return {
      status: answer.status,
      outcome: answer.headers.get('refresh-outcome'),
      requestId: answer.headers.get('x-request-id'),
      body: await answer.json().catch(() => null),
      readable: document.cookie,
    }
  })()`)

attack(
  128,
  'in a browser, ten hostile pages change nothing about a session in a cookie',
  async (t) => {
    if (skipWithoutBrowser) {
      t.comment(`skipped: ${skipWithoutBrowser}`)
      return
    }
    const setup = await createTestService(t)
    await setup.addClient({ clientId: 'spa', refreshTokenIn: 'cookie', allowedOrigins: [APP] })
    const { username, password } = await setup.addUser()
    const service = await startService(t, production(setup.databaseUrl, { ISSUER: SERVICE }))
    const state = async () => [
      await query(setup.databaseUrl, 'select * from sessions'),
      await query(setup.databaseUrl, 'select * from events order by id'),
    ]

    let hostile = ''
    const serve = (html: () => string) => (_: unknown, response: { end(body: string): void }) => {
      Object(response).setHeader('content-type', 'text/html')
      response.end(html())
    }
    const port = await startTlsFront(t, {
      'auth.shop.test': service.url,
      'app.shop.test': serve(() => '<!doctype html><title>app</title>'),
      'evil.test': serve(() => hostile),
      'evil.shop.test': serve(() => hostile),
    })
    const browser = await launchBrowser(t, [`--host-resolver-rules=MAP * 127.0.0.1:${port}`])
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const app = await context.newPage()
    await app.goto(APP)

    await t.test('it logs in, refreshes in two tabs at once, and sees no token', async (t) => {
      const login = await call(app, '/token', {
        ...{ grant_type: 'password', client_id: 'spa', username, password },
      })
      t.match(login, { status: 200, readable: '', requestId: /./ })
      t.notOk('refresh_token' in Object(login.body))
      const [cookie] = await context.cookies(SERVICE)
      t.match(cookie, { name: COOKIE, httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })
      t.equal(cookie?.domain, 'auth.shop.test', 'for this host alone')
      const tab = await context.newPage()
      await tab.goto(APP)
      const answers = await Promise.all([app, tab].map((page) => call(page, '/refresh')))
      const outcomes = answers.map(({ status, outcome }) => `${status} ${outcome}`)
      t.strictSame(outcomes.sort(), ['200 retried', '200 rotated'])
      await tab.close()
    })

    for (const { what, from, html } of HOSTILE_PAGES) {
      await t.test(`${what} changes nothing`, async (t) => {
        hostile = html(SERVICE)
        const before = [await state(), await cookieOf(context)]
        const asked = await visit(context, FROM[from])
        t.strictSame([await state(), await cookieOf(context)], before)
        t.ok(asked.length > 0, `it did ask: ${asked.join(', ')}`)
        t.notOk(
          asked.some((answer) => /^2/.test(answer)),
          'and was refused',
        )
      })
    }

    await t.test('a cookie planted by a sibling is not taken for ours', async (t) => {
      hostile = `<script>
        document.cookie = '${COOKIE}=planted; Domain=shop.test; Path=/; Secure'
        document.cookie = 'mintmark-refresh-spa=planted; Domain=shop.test; Path=/refresh; Secure'
        document.title = 'done'</script>`
      const planter = await context.newPage()
      await planter.goto(FROM.sibling)
      await planter.close()
      t.match(await call(app, '/refresh'), { status: 200 })
    })

    await t.test('the frontend still refreshes, and logs out', async (t) => {
      t.match(await call(app, '/refresh'), { status: 200 })
      t.equal((await call(app, '/logout')).status, 204)
      t.equal(await cookieOf(context), undefined, 'the cookie is gone')
      t.equal((await call(app, '/logout')).status, 204, 'twice is once')
      t.match(await call(app, '/refresh'), { status: 400, body: { reason: /^cookie_/ } })
    })
  },
)

const cookieOf = async (context: BrowserContext) =>
  (await context.cookies(SERVICE)).find(({ name }) => name === COOKIE)?.value

/** Opens a hostile page, waits until it has done its worst, and returns how its calls were answered. */
async function visit(context: BrowserContext, url: string): Promise<string[]> {
  const asked: Promise<string>[] = []
  const page = await context.newPage()
  page.on('requestfinished', async (request) => {
    if (!request.url().startsWith(SERVICE) || request.url().endsWith('/livez')) return
    asked.push(request.response().then((answer) => String(answer?.status() ?? 'none')))
  })
  page.on('requestfailed', (request) => {
    if (request.url().startsWith(SERVICE)) asked.push(Promise.resolve('blocked'))
  })
  await page.goto(url)
  await page.waitForFunction(`document.title === 'done' || location.origin === '${SERVICE}'`)
  await page.close()
  return Promise.all(asked)
}
