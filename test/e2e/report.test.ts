/** The report, written by the command and looked at in a real browser. */

import { once } from 'node:events'
import { cp, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readTable, serveLake, type LakeServer } from '../../src/index.ts'
import { budgetOf } from '../../src/report/budget.ts'
import { BROWSER, sharedBrowser, type Watched } from '../support/browser.ts'
import { tempDir } from '../support/lake.ts'
import { manySeries } from '../support/many-series.ts'
import { madeUpPage, madeUpSeries } from '../support/report.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { finished, runCli, startCli } from './support.ts'

const LAKE = `
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09 }
  - { kind: klines, symbols: [币安人生USDT], intervals: [1m], from: 2026-11-02, to: 2026-11-09 }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-04, to: 2026-11-05 }
`
const WANTED = `
version: 1
name: more
datasets:
  - { kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09 }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-04, to: 2026-11-06T12:00:00Z }
`

/** What the browser works out; texts, since the tests know no browser's types. */
const PAPER = 'getComputedStyle(document.body).backgroundColor'
/** Milliseconds from the choice of a series to its first frame. */
const SELECT = (id: string): string => `new Promise((resolve) => {
  const begin = performance.now()
  location.hash = '${id}'
  addEventListener('hashchange', () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin))), { once: true })
})`
const FIRST_PAINT = 'performance.getEntriesByType("paint")[0].startTime'
/** How many pixels of the charts have the colour of a rising or falling candle. */
const CANDLE_PIXELS = `(() => {
  const style = getComputedStyle(document.documentElement)
  const tones = ['--rise', '--fall'].map((name) => style.getPropertyValue(name).trim())
  let count = 0
  for (const canvas of document.querySelectorAll('.chart canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    for (let at = 0; at < data.length; at += 4) {
      const hex = [0, 1, 2].map((n) => data[at + n].toString(16).padStart(2, '0')).join('')
      if (tones.includes('#' + hex)) count += 1
    }
  }
  return count
})()`

const lake = sharedLake(LAKE)
const withBrowser = describe.runIf(BROWSER !== undefined)

async function written(...args: readonly string[]): Promise<string> {
  const out = join(await tempDir(), 'report.html')
  const { exit, stderr } = await runCli([
    'report',
    ...args,
    '--data-dir',
    lake.dataDir,
    '--out',
    out,
  ])
  expect([exit, stderr]).toEqual([0, ''])
  return pathToFileURL(out).href
}

async function painted(page: Page): Promise<number> {
  return Math.round(await page.evaluate<number>(FIRST_PAINT))
}

async function ready({ page }: Watched): Promise<Page> {
  await page.locator('#detail h2').waitFor()
  return page
}

describe('the command', () => {
  test('says what it wrote, in words and as JSON', async () => {
    const out = join(await tempDir(), 'lake.html')
    const words = await runCli(['report', '--data-dir', lake.dataDir, '--out', out])
    expect(words.stdout).toMatch(/lake\.html: 4 series, [\d,]+ candles of 3, \d+ kB\n$/)
    const json = await runCli(['report', '--json', '--data-dir', lake.dataDir, '--out', out])
    expect(JSON.parse(json.stdout)).toEqual({
      path: out,
      bytes: (await stat(out)).size,
      series: 4,
      charts: 3,
      candles: 168 + 164 + 1_008,
      damage: [],
    })
  })

  test('draws no candles when told not to, or of another window', async () => {
    const out = join(await tempDir(), 'lake.html')
    const args = ['report', '--json', '--data-dir', lake.dataDir, '--out', out]
    const none = await runCli([...args, '--no-candles'])
    expect(JSON.parse(none.stdout)).toMatchObject({ candles: 0, charts: 0 })
    const day = await runCli([...args, '--window', '2026-11-05..2026-11-06'])
    expect(JSON.parse(day.stdout)).toMatchObject({ candles: 24 + 20 + 1_440, charts: 3 })
    expect(await readFile(out, 'utf8')).toContain('2026-11-05T00:00:00.000000Z to 2026-11-06')
  })

  test('says what stands in the way', async () => {
    const nowhere = await runCli(['report', '--data-dir', join(await tempDir(), 'none')])
    expect(nowhere).toMatchObject({ exit: 2, stdout: '' })
    expect(nowhere.stderr).toMatch(/^error: there is no lake at /)
    const args = ['report', '--data-dir', lake.dataDir, '--out', '/no/such/directory/x.html']
    const unwritable = await runCli(args)
    expect(unwritable.exit).toBe(2)
    expect(unwritable.stderr).toMatch(/^error: .*x\.html cannot be written \(ENOENT\)/)
  })
})

describe('serve', () => {
  test('shows the lake until a signal, and names a port that is taken', async () => {
    const child = startCli(['serve', '--json', '--data-dir', lake.dataDir])
    const end = finished(child)
    const [chunk] = (await once(child.stdout!, 'data')) as [string]
    const { kind, url, port } = JSON.parse(chunk) as { kind: string; url: string; port: number }
    expect([kind, url]).toEqual(['listening', `http://127.0.0.1:${port}/`])
    expect(await (await fetch(url)).text()).toContain('klines BTCUSDT 1h')
    const args = ['serve', '--port', String(port), '--data-dir', lake.dataDir]
    const { exit, stderr } = await runCli(args)
    expect([exit, stderr]).toEqual([
      2,
      `error: port ${port} is taken (Take another, or 0 for any free one.)\n`,
    ])
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ exit: 143, stderr: '' })
  })
})

withBrowser('the page in a browser', () => {
  const browser = sharedBrowser()

  test('asks for nothing but itself and complains of nothing', async () => {
    const url = await written()
    const watched = await browser.open(url)
    const page = await ready(watched)
    await page.getByText('The shown candles as a table').click()
    expect(watched.asked).toEqual([url])
    expect(watched.complaints).toEqual([])
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    expect(await page.locator('dl.totals').innerText()).toContain('Rows\n70,412')
  })

  test('filters by name, standing and dataset', async () => {
    const job = join(await tempDir(), 'more.yaml')
    await writeFile(job, WANTED)
    const page = await ready(await browser.open(await written(job)))
    const names = async (): Promise<string[]> =>
      page.locator('tbody tr:visible a.open').allInnerTexts()
    expect(await names()).toHaveLength(3)
    await page.getByLabel('Name holds').fill('ethusdt')
    expect(await names()).toEqual(['klines ETHUSDT 1h'])
    expect(await page.locator('#shown').innerText()).toBe('1 of 3 shown')
    await page.getByLabel('Name holds').fill('')
    await page.getByLabel('State').selectOption('incomplete')
    expect(await names()).toEqual(['aggTrades BTCUSDT'])
    await page.getByLabel('State').selectOption('')
    await page.getByLabel('Dataset').selectOption('klines')
    expect(await names()).toEqual(['klines BTCUSDT 1h', 'klines ETHUSDT 1h'])
  })

  test('sorts by a column, up and down, and says so', async () => {
    const page = await ready(await browser.open(await written()))
    const rows = page.getByRole('button', { name: 'Rows', exact: true })
    const first = async (): Promise<string> => page.locator('tbody a.open').first().innerText()
    await rows.click()
    expect(await first()).toBe('klines ETHUSDT 1h')
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')
    await rows.click()
    expect(await first()).toBe('aggTrades BTCUSDT')
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending')
  })

  test('is worked by the keyboard alone', async () => {
    const page = await ready(await browser.open(await written()))
    await page.getByRole('rowheader').getByRole('link', { name: 'klines ETHUSDT 1h' }).focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('klines ETHUSDT 1h')
    expect(await page.evaluate('location.hash')).toBe('#klines/ETHUSDT/1h')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Earlier')
    await page.locator('.calendar').focus()
    const said = page.locator('output.day')
    await page.keyboard.press('End')
    expect(await said.innerText()).toBe('2026-11-08: covered')
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key)
    expect(await said.innerText()).toBe(
      '2026-11-05: known gap: outage for up to half of the day (outage 2026-11-05 02:00 to 2026-11-05 06:00)',
    )
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowLeft')
    expect(await said.innerText()).toBe('2026-11-02: covered')
    expect(await page.locator('.here').count()).toBe(1)
  })

  test('tells missing days from covered ones', async () => {
    const job = join(await tempDir(), 'more.yaml')
    await writeFile(job, WANTED)
    const page = await ready(await browser.open(await written(job)))
    await page.getByRole('rowheader').getByRole('link', { name: 'aggTrades BTCUSDT' }).click()
    const figure = page.locator('.calendar figcaption')
    expect(await figure.innerText()).toBe(
      '2026: 1 day covered, 1 day missing, 1 day missing for half of the day or more',
    )
    await page.locator('.calendar .part-m').hover()
    expect(await page.locator('output.day').innerText()).toBe(
      '2026-11-06: missing for half of the day or more (missing 2026-11-05 to 2026-11-06 12:00)',
    )
    expect(await page.locator('#detail').innerText()).toContain('Missing')
  })

  test('draws the candles of the lake, and says their numbers', async () => {
    const page = await ready(await browser.open(await written()))
    await page.getByRole('rowheader').getByRole('link', { name: 'klines BTCUSDT 1h' }).click()
    const table = await readTable({
      dataDir: lake.dataDir,
      dataset: 'klines',
      symbol: 'BTCUSDT',
      interval: '1h',
    })
    const column = (name: string): number[] => [
      ...(table.getChild(name)!.toArray() as Float64Array),
    ]
    const figure = (value: number): string =>
      value.toLocaleString('en-US', { maximumSignificantDigits: 7 })
    const words = await page.locator('p.range').innerText()
    expect(words).toContain('168 candles of 1 hour from 2026-11-02 to 2026-11-08')
    expect(words).toContain(`low ${figure(Math.min(...column('low')))}`)
    expect(words).toContain(`high ${figure(Math.max(...column('high')))}`)
    expect(words).toContain(`last close ${figure(column('close').at(-1)!)}`)
    expect(await page.evaluate<number>(CANDLE_PIXELS)).toBeGreaterThan(500)
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await expect.poll(() => page.locator('p.range').innerText()).toMatch(/^8\d candles of 1 hour/)
    await page.getByLabel('to', { exact: true }).fill('2026-11-08')
    await page.getByLabel('From', { exact: true }).fill('2026-11-08')
    await page.getByLabel('From', { exact: true }).press('Enter')
    await expect
      .poll(() => page.locator('p.range').innerText())
      .toMatch(/^24 candles of 1 hour from 2026-11-08 to 2026-11-08/)
    await page.getByRole('button', { name: 'All' }).click()
    await page.getByText('The shown candles as a table').click()
    const cells = page.locator('details:not(#runs) tbody tr').first().locator('td')
    expect(await cells.allInnerTexts()).toEqual([
      '2026-11-02',
      ...['open', 'high', 'low', 'close', 'volume'].map((name) => figure(column(name)[0]!)),
    ])
  })

  test('is light or dark as the reader has it, and as they choose', async () => {
    const url = await written()
    const page = await ready(await browser.open(url, { colorScheme: 'dark' }))
    const paper = async (): Promise<string> => page.evaluate<string>(PAPER)
    const dark = await paper()
    await page.getByRole('button', { name: 'Light' }).click()
    const light = await paper()
    expect([dark, light]).toEqual(['rgb(20, 23, 26)', 'rgb(251, 251, 250)'])
    await page.getByRole('button', { name: 'Dark' }).click()
    expect(await paper()).toBe(dark)
  })

  test('prints on white, without what only a screen can use', async () => {
    const page = await ready(await browser.open(await written(), { colorScheme: 'dark' }))
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('#controls').isVisible()).toBe(false)
    expect(await page.locator('.buttons').isVisible()).toBe(false)
    const paper = await page.evaluate<string>(PAPER)
    expect(paper).toBe('rgb(255, 255, 255)')
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
  })

  test('shows the overview without scripts', async () => {
    const { page } = await browser.open(await written(), { javaScriptEnabled: false })
    expect(await page.locator('#overview tbody tr').count()).toBe(4)
    expect(await page.locator('#controls').isVisible()).toBe(false)
    expect(await page.locator('tbody tr svg path').count()).toBeGreaterThan(4)
    expect(await page.locator('#attention').innerText()).toContain('aggTrades BTCUSDT')
  })

  test('runs nothing that a name or a verdict brings along', async () => {
    const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)>'
    const { series, row } = madeUpSeries(hostile, { days: 30, candles: 10 })
    const out = join(await tempDir(), 'hostile.html')
    await writeFile(out, await madeUpPage([{ series: { ...series, verdict: hostile }, row }]))
    const watched = await browser.open(pathToFileURL(out).href)
    const page = await ready(watched)
    expect(await page.locator('#detail h2').innerText()).toBe(hostile)
    expect(await page.locator('img').count()).toBe(0)
    expect(watched.complaints).toEqual([])
    expect(watched.asked).toHaveLength(1)
  })

  test('goes back and forth by the address, and says when it names nothing', async () => {
    const page = await ready(await browser.open(`${await written()}#klines/BTCUSDT/1h`))
    const heading = page.locator('#detail h2')
    expect(await heading.innerText()).toBe('klines BTCUSDT 1h')
    await page.getByRole('rowheader').getByRole('link', { name: '币安人生USDT' }).click()
    await expect.poll(() => heading.innerText()).toBe('klines 币安人生USDT 1m')
    await page.goBack()
    await expect.poll(() => heading.innerText()).toBe('klines BTCUSDT 1h')
    await page.goForward()
    await expect.poll(() => heading.innerText()).toBe('klines 币安人生USDT 1m')
    await page.evaluate('location.hash = "klines/NOSUCH/1h"')
    await expect
      .poll(() => page.getByRole('alert').allInnerTexts())
      .toEqual([expect.stringContaining('no series klines/NOSUCH/1h')])
  })

  test('names what needs attention, and leads there', async () => {
    const job = join(await tempDir(), 'more.yaml')
    await writeFile(job, WANTED)
    const page = await ready(await browser.open(await written(job)))
    const attention = page.locator('#attention')
    expect(await attention.innerText()).toContain('1 series lacks rows that were asked for')
    expect(await page.locator('#detail h2').innerText()).toBe('aggTrades BTCUSDT')
    const { series, row } = madeUpSeries('klines A 1d', { days: 30, candles: 10 })
    const out = join(await tempDir(), 'fine.html')
    await writeFile(out, await madeUpPage([{ series, row }]))
    const fine = await ready(await browser.open(pathToFileURL(out).href))
    expect(await fine.locator('#attention li').innerText()).toBe('Nothing: the series is complete.')
  })

  test('names the gaps between candles, and has a logarithmic scale', async () => {
    const page = await ready(await browser.open(`${await written()}#klines/ETHUSDT/1h`))
    expect(await page.locator('p.range').innerText()).toContain(
      'Without candles: outage 2026-11-05 02:00 to 2026-11-05 06:00.',
    )
    const log = page.getByRole('button', { name: 'Log' })
    await log.click()
    expect(await log.getAttribute('aria-pressed')).toBe('true')
    expect(await page.evaluate<number>(CANDLE_PIXELS)).toBeGreaterThan(500)
  })

  test('the wheel and two fingers come closer', async () => {
    const { page } = await browser.open(`${await written()}#klines/BTCUSDT/1h`, { hasTouch: true })
    const count = async (): Promise<number> =>
      Number.parseInt(await page.locator('p.range').innerText())
    await expect.poll(count).toBe(168)
    const box = await page.locator('.chart').boundingBox()
    if (box === null) throw new Error('there is no chart')
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 3 }
    await page.mouse.move(middle.x, middle.y)
    await page.mouse.wheel(0, -240)
    await expect.poll(count).toBeLessThan(168)
    const before = await count()
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Input.synthesizePinchGesture', { ...middle, scaleFactor: 2 })
    await expect.poll(count).toBeLessThan(before)
  })

  test('shows all of it on a phone, the series below its row', async () => {
    const viewport = { width: 390, height: 800 }
    const { page } = await browser.open(`${await written()}#klines/ETHUSDT/1h`, { viewport })
    await page.locator('.inline #detail .chart canvas').first().waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(await page.locator('tr[data-id] .rows').first().isVisible()).toBe(true)
    await page.getByRole('button', { name: 'Rows', exact: true }).click()
    expect(await page.locator('tr[aria-current] + tr.inline').count()).toBe(1)
    expect(await page.getByRole('row').count()).toBeGreaterThan(4)
  })

  test('of 200 series and eight years is usable', async () => {
    const made = Array.from({ length: 200 }, (_, index) =>
      madeUpSeries(`klines SYMBOL${index}USDT 1d`, { days: 2922, ...budgetOf(200, 200) }),
    )
    const out = join(await tempDir(), 'large.html')
    await writeFile(out, await madeUpPage(made))
    const page = await ready(await browser.open(pathToFileURL(out).href))
    await page.getByLabel('Name holds').fill('symbol199')
    expect(await page.locator('#shown').innerText()).toBe('1 of 200 shown')
    const chosen = await page.evaluate<number>(SELECT('klines/SYMBOL199USDT/1d'))
    console.info(
      `report of 200 series: ${(await stat(out)).size} bytes, first paint after ${await painted(page)} ms, a series after ${Math.round(chosen)} ms`,
    )
    expect(await page.locator('.calendar figure').count()).toBe(8)
    expect(await page.locator('.calendar rect[data-ms]:not(.d--)').count()).toBe(2922)
  })
})

withBrowser('the served page in a browser', () => {
  const browser = sharedBrowser()

  async function served(dataDir: string): Promise<LakeServer> {
    const server = await serveLake({ dataDir })
    onTestFinished(() => server.close())
    return server
  }

  test('reads candles when it shows them, and complains of nothing', async () => {
    const { url } = await served(lake.dataDir)
    const watched = await browser.open(`${url}#klines/BTCUSDT/1h`)
    const page = await ready(watched)
    await page.locator('.chart canvas').first().waitFor()
    expect(await page.locator('p.range').innerText()).toContain('168 candles of 1 hour')
    await page.getByLabel('to', { exact: true }).fill('2026-11-03')
    await page.getByLabel('From', { exact: true }).fill('2026-11-03')
    await page.getByLabel('From', { exact: true }).press('Enter')
    await expect
      .poll(() => page.locator('p.range').innerText())
      .toContain('24 candles of 1 hour from 2026-11-03 to 2026-11-03')
    expect(watched.complaints).toEqual([])
    expect(watched.asked.filter((asked) => !asked.startsWith(url))).toEqual([])
  })

  test('follows the lake, and keeps what is shown', async () => {
    const dataDir = join(await tempDir(), 'lake')
    await cp(lake.dataDir, dataDir, { recursive: true })
    const { url } = await served(dataDir)
    const page = await ready(await browser.open(`${url}#klines/BTCUSDT/1h`))
    await page.getByLabel('Name holds').fill('klines')
    const torn = 'spot/klines/interval=1h/symbol=BTCUSDT/_series.json'
    await writeFile(join(dataDir, torn), '{')
    await expect
      .poll(() => page.locator('#attention').innerText(), { timeout: 30_000 })
      .toContain('1 series cannot be read')
    expect(await page.locator('#detail .facts').innerText()).toContain('damaged')
    expect(await page.locator('#shown').innerText()).toBe('3 of 4 shown')
    expect(await page.locator('tr[aria-current]').getAttribute('data-id')).toBe('klines/BTCUSDT/1h')
  })

  test('of 200 series and eight years is usable', async () => {
    const dataDir = await tempDir()
    const keys = await manySeries(dataDir, 200)
    const page = await ready(await browser.open((await served(dataDir)).url))
    const chosen = await page.evaluate<number>(SELECT(keys.at(-1)!))
    console.info(
      `serve of 200 series: first paint after ${await painted(page)} ms, a series after ${Math.round(chosen)} ms`,
    )
    expect(await page.locator('tbody tr[data-id]').count()).toBe(200)
    expect(await page.locator('.calendar figure').count()).toBe(8)
  })
})
