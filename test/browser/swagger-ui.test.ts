import type { Browser, Page } from 'playwright-core'
import tap from 'tap'
import { launchBrowser, openPage, skipWithoutBrowser } from '../support/browser.ts'
import { createTestDatabase } from '../support/database.ts'
import { freePort, production, startService } from '../support/process.ts'
import { usedDirectory } from '../support/used-directory.ts'

tap.setTimeout(300_000)

const options = { skip: skipWithoutBrowser }

let browser: Browser
tap.before(async () => {
  if (!skipWithoutBrowser) browser = await launchBrowser(tap)
})

/** Opens an operation, leaves everything as it is prefilled, executes it; what was answered. */
async function tryOut(page: Page, operationId: string): Promise<{ status: number; body: string }> {
  const block = page.locator(`.opblock[id$="-${operationId}"]`)
  if (!(await block.getAttribute('class'))?.includes('is-open')) {
    await block.locator('.opblock-summary-control').click()
  }
  const clear = block.locator('.btn-clear')
  if (await clear.isVisible()) await clear.click()
  await block.locator('.execute').click()
  const live = block.locator('.live-responses-table .response')
  await live.waitFor()
  const status = Number(await live.locator('.response-col_status').first().innerText())
  const shown = live.locator('.highlight-code .microlight').first()
  const body = (await shown.count()) === 0 ? '' : await shown.innerText()
  // Swagger UI renders all open operations anew at each step, which takes a second for a few of them.
  await block.locator('.opblock-summary-control').click()
  await live.waitFor({ state: 'detached' })
  return { status, body }
}

/** Picks another of an operation's examples. */
async function pickExample(page: Page, operationId: string, name: string): Promise<void> {
  const block = page.locator(`.opblock[id$="-${operationId}"]`)
  await block.locator('.opblock-section-request-body .examples-select select').selectOption(name)
}

/** Authorises by one flow of the oauth2 scheme: one click, with what the dialog is filled with. */
async function authorize(page: Page, flow: 'password' | 'clientCredentials'): Promise<void> {
  await page.locator('.auth-wrapper > .btn.authorize').click()
  const form = page.locator('.auth-container', { hasText: `(OAuth2, ${flow})` })
  await form.locator('button.authorize').click()
  await form.getByText('Logout').waitFor()
  await page.locator('.modal-ux .close-modal').click()
}

async function forget(page: Page): Promise<void> {
  await page.locator('.auth-wrapper > .btn.authorize').click()
  await page
    .locator('.auth-container', { hasText: '(OAuth2, ' })
    .getByText('Logout')
    .first()
    .click()
  await page.locator('.modal-ux .close-modal').click()
}

tap.test('a first tour of Swagger UI, by clicking', options, async (t) => {
  const adminPort = String(await freePort())
  const env = { STATE_DIR: await usedDirectory(t), ADMIN_PORT: adminPort }
  const service = await startService(t, env)
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const { page, complaints } = await openPage(context, service.url)
  await page.goto(`${service.url}/docs`)
  await page.locator('.opblock').first().waitFor()
  const tags = await page.locator('.opblock-tag').allInnerTexts()
  t.strictSame(
    tags.map((tag) => tag.split(/\s/)[0]),
    ['tokens', 'account', 'sessions', 'verification', 'operation'],
  )

  await authorize(page, 'password')
  const me = await tryOut(page, 'getMe')
  t.equal(me.status, 200)
  t.match(JSON.parse(me.body), { client_id: 'backend', roles: ['customer'], amr: ['pwd'] })

  const login = await tryOut(page, 'requestToken')
  t.equal(login.status, 200, 'log in')
  t.match(JSON.parse(login.body), { token_type: 'Bearer', refresh_token: /^mm_rt_/ })
  t.equal((await tryOut(page, 'refresh')).status, 200, 'refresh')
  t.match(JSON.parse((await tryOut(page, 'introspectToken')).body), { active: true })
  const listed = await tryOut(page, 'listSessions')
  t.equal(listed.status, 200, 'list sessions')
  t.match(
    JSON.parse(listed.body).sessions.filter(({ current }: { current: boolean }) => current),
    [{ client_id: 'backend' }],
  )
  t.equal((await tryOut(page, 'startSession')).status, 201, 'start a session')
  t.equal((await tryOut(page, 'endSession')).status, 204)
  t.equal((await tryOut(page, 'endOtherSessions')).status, 200)
  t.equal((await tryOut(page, 'logout')).status, 204, 'log out')
  t.equal((await tryOut(page, 'revokeToken')).status, 200)
  for (const operationId of ['getJwks', 'getMetadata', 'getOpenidConfiguration', 'getReadiness']) {
    t.equal((await tryOut(page, operationId)).status, 200, operationId)
  }

  await page.reload()
  await page.locator('.opblock').first().waitFor()
  t.equal((await tryOut(page, 'getMe')).status, 200, 'the authorisation outlives a reload')

  const kept = await page.evaluate(() => localStorage.getItem('authorized') ?? '')
  const stale = kept.replaceAll(
    /(?<="(clientSecret|password)":")mm_cs_[^"]*/g,
    'mm_cs_of_yesterday',
  )
  t.not(stale, kept)
  await page.evaluate((text) => localStorage.setItem('authorized', text), stale)
  await page.reload()
  await page.locator('.opblock').first().waitFor()
  t.equal(
    (await tryOut(page, 'getMe')).status,
    401,
    'what another state directory gave is forgotten',
  )
  t.match(complaints.errors.splice(0), [/401/], 'the refusal, and nothing else')
  t.equal((await tryOut(page, 'startSession')).status, 201, 'the client is the one of today')
  await authorize(page, 'password')
  t.equal((await tryOut(page, 'getMe')).status, 200)

  await forget(page)
  await authorize(page, 'clientCredentials')
  t.match(JSON.parse((await tryOut(page, 'getMe')).body), { sub: 'backend', client_id: 'backend' })
  for (const example of ['client_credentials', 'refresh_token', 'password']) {
    await page.locator('.opblock[id$="-requestToken"] .opblock-summary-control').click()
    await pickExample(page, 'requestToken', example)
    t.equal((await tryOut(page, 'requestToken')).status, 200, example)
  }
  t.strictSame(complaints, { errors: [], foreign: [] })

  await t.test('and one of the admin API, which is authorised from the start', async (t) => {
    const url = `http://127.0.0.1:${adminPort}`
    const { page, complaints } = await openPage(context, url)
    await page.goto(`${url}/docs`)
    await page.locator('.opblock').first().waitFor()
    const listed = await tryOut(page, 'listSessions')
    t.equal(listed.status, 200, 'with nothing filled in')
    t.match(JSON.parse(listed.body).sessions[0], { sub: 'example-of-the-admin-api' })
    for (const [operationId, status] of [
      ['getSession', 200],
      ['endSession', 204],
      ['listEvents', 200],
    ] as const) {
      t.equal((await tryOut(page, operationId)).status, status, operationId)
    }
    t.strictSame(complaints, { errors: [], foreign: [] })
  })
})

tap.test(
  'behind its password, Swagger UI works and the password stays there',
  options,
  async (t) => {
    const password = 'correct horse'
    const database = await createTestDatabase(t)
    const service = await startService(t, production(database, { DOCS_PASSWORD: password }))
    const context = await browser.newContext({ httpCredentials: { username: 'me', password } })
    const { page, complaints } = await openPage(context, service.url)
    const sent: string[] = []
    page.on('request', async (request) => {
      const { pathname } = new URL(request.url())
      if ((await request.allHeaders()).authorization !== undefined) sent.push(pathname)
    })
    await page.goto(`${service.url}/docs`)
    await page.locator('.opblock').first().waitFor()
    t.equal((await tryOut(page, 'getLiveness')).status, 200)
    t.strictSame(
      sent.filter((path) => !path.startsWith('/docs/')),
      [],
    )
    t.strictSame(complaints.foreign, [])
  },
)
