/** Archive files that Binance really published, byte for byte through the stand-in, value for value. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { periodWindow } from '../../src/base/time.ts'
import { archivePath, entryName } from '../../src/binance/archive.ts'
import { DATASETS, NUMBERS } from '../../src/binance/dataset.ts'
import { unzip } from '../../src/pull/archive/zip.ts'
import { CsvFile } from '../../src/rows/csv-file.ts'
import { replayOptions } from '../../src/simulator/index.ts'
import { archiveSteps } from '../support/archive-steps.ts'
import { all, archiveWorld, klines, problemOf, readableOf, textsOf } from '../support/archive.ts'
import { referenceRows } from '../support/csv-reference.ts'

const RECORDED = join(import.meta.dirname, '../../../shared/recorded')
const isThere = existsSync(RECORDED)
if (!isThere) console.warn(`recorded archives are not there (${RECORDED}): their tests cannot run`)

const DAYS = [
  ['1m', '2020-01-01', 1_440],
  ['1m', '2020-01-02', 1_440],
  ['1m', '2020-01-03', 1_440],
  ['1h', '2026-05-08', 24],
  ['1h', '2026-05-09', 24],
] as const

describe.runIf(isThere)('recorded archives', () => {
  test.each(DAYS)('%s of %s', async (interval, period, count) => {
    const key = klines(interval)
    const { downloads } = await archiveWorld(await replayOptions(RECORDED))
    const path = archivePath(key, period)
    const file = readableOf(readFileSync(join(RECORDED, 'archive', path)))
    const target = { path, entry: entryName(key, period) }
    const csv = Buffer.concat(await all(unzip(file, target))).toString()
    const wanted = referenceRows('klines', csv, periodWindow(period))
    expect(wanted).toHaveLength(count)
    for (const numbers of NUMBERS) {
      const window = periodWindow(period)
      const steps = archiveSteps({
        key,
        numbers,
        window,
        file: { period, window },
        archive: downloads.open(path),
      })
      const pages = []
      let step = await steps.next()
      for (; !step.done; step = await steps.next()) if (step.value.page) pages.push(step.value.page)
      expect(step.value).toMatchObject({ kind: 'read', reached: window.to })
      const rows = textsOf('klines', pages)
      // Doubles have forgotten the zeros at the end.
      const plain = (text: string): string =>
        numbers === 'float64' && /^\d+\.\d+$/.test(text) ? String(Number(text)) : text
      const texts = wanted.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, text]) => [name, plain(text)])),
      )
      expect(rows).toEqual(texts)
    }
  })

  test('a file of another market is refused by its header row', async () => {
    const path = 'data/futures/cm/daily/aggTrades/BTCUSD_PERP/BTCUSD_PERP-aggTrades-2026-05-08.zip'
    const file = readableOf(readFileSync(join(RECORDED, 'archive', path)))
    const entry = 'BTCUSD_PERP-aggTrades-2026-05-08.csv'
    const options = { period: periodWindow('2026-05-08'), file: entry }
    const csv = new CsvFile(DATASETS.aggTrades, 'float64', options)
    const { problem, message } = await problemOf(all(csv.pages(unzip(file, { path, entry }))))
    expect([problem, message]).toEqual([
      'csv',
      `${entry}:1: the header row: no column is_best_match`,
    ])
  })
})
