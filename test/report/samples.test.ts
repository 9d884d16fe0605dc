/** Samples have an interval, as klines do, and no candles. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeReport } from '../../src/report/report.ts'
import { serveLake } from '../../src/serve/serve.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const JOB = `
version: 1
market: um
symbols: [BTCUSDT]
from: 5d
to: 3d
datasets: [{kind: openInterestHist, intervals: [5m]}, {kind: klines, intervals: [1h]}]
`

test('a lake of samples and klines is shown, with candles of the klines alone', async () => {
  const symbols = [{ symbol: 'BTCUSDT' }]
  const { url } = await serve({ exchange: { symbols, um: { symbols } } })
  const dataDir = await tempDir()
  const { summary } = await run(JOB, { dataDir, baseUrls: [`um=${url}`] })
  expect(summary).toMatchObject({ exit: 0, complete: true })
  const out = join(await tempDir(), 'lake.html')
  expect(await writeReport(out, [], { dataDir })).toMatchObject({ series: 2, charts: 1 })
  expect(await readFile(out, 'utf8')).toContain('openInterestHist BTCUSDT 5m')

  const server = await serveLake({ dataDir })
  onTestFinished(() => server.close())
  const overview = (await (await fetch(`${server.url}api/overview`)).json()) as {
    readonly series: readonly { readonly dataset: string; readonly hasCandles: boolean }[]
  }
  expect(overview.series.map(({ dataset, hasCandles }) => [dataset, hasCandles])).toEqual([
    ['klines', true],
    ['openInterestHist', false],
  ])
  const asked = await fetch(`${server.url}api/candles?series=um/openInterestHist/BTCUSDT/5m`)
  expect([asked.status, await asked.text()]).toEqual([
    400,
    expect.stringContaining('openInterestHist has no candles'),
  ])
})
