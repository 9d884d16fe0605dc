/** A real browser without a window, where there is one. */

import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where the browser is; `undefined` when there is none. */
export const BROWSER: string | undefined = [process.env['CHROMIUM'] ?? '', ...PLACES].find(
  (path) => path !== '' && existsSync(path),
)

if (BROWSER === undefined)
  console.warn(
    '\n*** NO BROWSER: the tests of the report page did NOT run. `apt-get install chromium` brings one. ***\n',
  )

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page and everything that it complained of or asked for. */
export type Watched = {
  readonly page: Page
  readonly complaints: string[]
  readonly asked: string[]
}

/** One browser for the tests of a file. Call outside of any test; {@link BROWSER} must be there. */
export function sharedBrowser(): {
  open(url: string, options?: BrowserContextOptions): Promise<Watched>
} {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (BROWSER !== undefined)
      browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS })
  })
  afterAll(() => browser?.close())
  return {
    async open(url, options = {}) {
      if (browser === undefined) throw new Error('there is no browser')
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        ...options,
      })
      const page = await context.newPage()
      const complaints: string[] = []
      const asked: string[] = []
      page.on('console', (message) => {
        if (message.type() !== 'log') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on('request', (request) => asked.push(request.url()))
      await page.goto(url)
      return { page, complaints, asked }
    },
  }
}
