import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where Chromium is: the environment's CHROMIUM, or where systems put it. */
const executablePath = [process.env.CHROMIUM, ...PATHS].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
)

/** For the options of a test that needs a browser: why it is skipped, or false. */
export const skipWithoutBrowser =
  executablePath === undefined ? 'there is no Chromium: install it, or name it in CHROMIUM' : false

/** Starts Chromium without a window, with more switches; closed at the end of the test. */
export async function launchBrowser(t: Test, switches: string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ['--no-sandbox', '--disable-background-networking', ...switches],
  })
  t.teardown(() => browser.close())
  return browser
}

/** As long as a page may take for one thing, beside everything else that a machine does. In milliseconds. */
const PATIENCE = 60_000

/** What moves is waited for, and drawn anew for as long: that is half the time of a tour. */
const STILLNESS = `
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('* { transition: none !important; animation: none !important }')
  document.adoptedStyleSheets = [sheet]`

/** What a page did that it should not have. */
export interface Complaints {
  /** Errors on its console, refusals by its policy among them, and exceptions. */
  readonly errors: string[]
  /** Requests to any other origin. */
  readonly foreign: string[]
}

/** Opens an empty page of a context, and keeps account of what it does wrong. */
export async function openPage(
  context: BrowserContext,
  origin: string,
): Promise<{ page: Page; complaints: Complaints }> {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  await page.addInitScript({ content: STILLNESS })
  const complaints: Complaints = { errors: [], foreign: [] }
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.errors.push(message.text())
  })
  page.on('pageerror', (error) => complaints.errors.push(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) complaints.foreign.push(url)
  })
  return { page, complaints }
}
