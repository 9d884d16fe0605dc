import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../../src/report/document.ts'
import { reportPage } from '../../src/report/page.ts'
import { budgetOf } from '../../src/report/budget.ts'
import { html, scriptJson, size } from '../../src/report/text.ts'
import { reportAssets } from '../../src/report/page-assets.ts'
import { madeUpPage, madeUpSeries } from '../support/report.ts'

const HOSTILE = '</script><script>alert(1)</script>"\'&<img src=x onerror=alert(2)>\u202e'

async function hostilePage(): Promise<string> {
  const { series, row } = madeUpSeries(HOSTILE, { days: 40, candles: 3 })
  const document: ReportDocument = {
    made: '2026-01-01T00:00:00Z',
    by: HOSTILE,
    candleNote: HOSTILE,
    writer: HOSTILE,
    runs: [{ started: HOSTILE, job: HOSTILE, exit: 3, words: HOSTILE }],
    series: [
      { ...series, id: HOSTILE, dataset: HOSTILE, verdict: HOSTILE, sources: { [HOSTILE]: 1 } },
    ],
  }
  return reportPage(document, [row], await reportAssets())
}

describe('text from outside', () => {
  test('cannot become an element, a script or an attribute', async () => {
    const page = await hostilePage()
    expect(page).not.toContain('<script>alert')
    expect(page).not.toContain('<img')
    expect(page).not.toContain('\u202e')
    expect(page.match(/<script/g)).toHaveLength(2)
    expect(page.match(/<\/script>/g)).toHaveLength(2)
  })

  test('is in the data as it is', async () => {
    const page = await hostilePage()
    const json = /<script type="application\/json" id="document">(.*?)<\/script>/s.exec(page)?.[1]
    const document = JSON.parse(json ?? '') as ReportDocument
    expect(document.series[0]?.name).toBe(HOSTILE)
  })

  test.each([
    ['a & b', 'a &amp; b'],
    ['<b>', '&lt;b&gt;'],
    [`"'`, '&quot;&#39;'],
    ['a\u0000\u202eb', 'a\\u{0}\\u{202e}b'],
    ['币安人生', '币安人生'],
  ])('%j is written %j', (text, written) => {
    expect(html(text)).toBe(written)
  })

  test('JSON holds no sign that ends a script', () => {
    expect(scriptJson({ a: '<!--<script>' })).toBe('{"a":"\\u003c!--\\u003cscript>"}')
  })
})

describe('the policy', () => {
  test('lets nothing in but this script and this style', async () => {
    const page = await hostilePage()
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? ''
    expect(policy).toMatch(/^default-src 'none'; /)
    expect(policy).not.toMatch(/unsafe|\*|http/)
    const hashOf = (pattern: RegExp): string =>
      createHash('sha256')
        .update(pattern.exec(page)?.[1] ?? '')
        .digest('base64')
    expect(policy).toContain(`script-src 'sha256-${hashOf(/<script>(.*?)<\/script>/s)}'`)
    expect(policy).toContain(`style-src 'sha256-${hashOf(/<style>(.*?)<\/style>/s)}'`)
  })

  test('names no address that a browser would ask, and has no inline handler', async () => {
    const page = (await hostilePage())
      .replace(/<script.*?<\/script>/gs, '')
      // The one address that a reader may follow.
      .replace('<a href="https://www.tradingview.com/">', '<a>')
    expect(page).not.toMatch(/ (src|href|action)="(?!#|data:,")/)
    const bare = page.replace(/"[^"]*"/g, '""')
    expect(bare).not.toMatch(/<[^>]* on[a-z]+=/)
    expect(bare).not.toMatch(/<[^>]* style=/)
    expect(page).not.toMatch(/url\(|@import/)
  })

  test("the chart library's licence and its maker's address go with it", async () => {
    const page = await hostilePage()
    expect(page).toContain('Licensed under Apache License 2.0')
    expect(page).toContain('<a href="https://www.tradingview.com/">TradingView, Inc.</a>')
  })
})

test('two hundred series of eight years stay under 5 MB', async () => {
  const made = Array.from({ length: 200 }, (_, index) =>
    madeUpSeries(`klines SYMBOL${index}USDT 1m`, { days: 2922, ...budgetOf(200, 200) }),
  )
  const bytes = Buffer.byteLength(await madeUpPage(made))
  expect(bytes).toBeGreaterThan(1_000_000)
  expect(bytes).toBeLessThan(5_000_000)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [123_456, '123 kB'],
  [5_000_000_000, '5.0 GB'],
])('%i bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text)
})
