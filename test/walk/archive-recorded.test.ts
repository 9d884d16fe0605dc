/** Archive files that Binance really published, byte for byte through the stand-in, value for value. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatMicros, parseMicros, periodWindow } from '../../src/base/time.ts'
import { archivePath, entryName } from '../../src/binance/archive.ts'
import { NUMBERS } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { unzip } from '../../src/pull/archive/zip.ts'
import { CsvFile } from '../../src/rows/csv-file.ts'
import { replayOptions } from '../../src/simulator/index.ts'
import { archiveJob, doors, storedRows } from '../support/archive-jobs.ts'
import { archiveSteps } from '../support/archive-steps.ts'
import { all, archiveWorld, klines, problemOf, readableOf, textsOf } from '../support/archive.ts'
import { referenceRows } from '../support/csv-reference.ts'
import { run, serve, tempDir } from '../support/lake.ts'

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

  test('through a whole run from the archive alone, value for value', async () => {
    const simulator = await serve({ exchange: await replayOptions(RECORDED) })
    const dataDir = await tempDir()
    for (const interval of ['1m', '1h'] as const) {
      const days = DAYS.filter(([of]) => of === interval).map(([, day]) => day)
      const to = formatMicros(periodWindow(days.at(-1)!).to)
      const job = archiveJob({ kind: 'klines', interval }, [days[0]!, to], 'archive')
      const { summary } = await run(job, { dataDir, ...doors(simulator) })
      expect(summary).toMatchObject({ complete: true, exit: 0, requests: 0 })
      const path = `spot/klines/interval=${interval}/symbol=BTCUSDT`
      const rows = await storedRows(dataDir, path, 'open_time')
      const wanted = []
      for (const day of days) {
        const target = { path: '', entry: entryName(klines(interval), day) }
        const zip = readFileSync(join(RECORDED, 'archive', archivePath(klines(interval), day)))
        const csv = Buffer.concat(await all(unzip(readableOf(zip), target))).toString()
        wanted.push(...referenceRows('klines', csv, periodWindow(day)))
      }
      expect(rows.map(inDesign)).toEqual(wanted)
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

/** A row of DuckDB with its moments as we write them. */
function inDesign(row: Record<string, string | null>): Record<string, string | null> {
  const time = (text: string | null): string =>
    formatMicros(parseMicros((text ?? '').replace('+00', '').replace(' ', 'T') + 'Z'))
  return { ...row, open_time: time(row['open_time']!), close_time: time(row['close_time']!) }
}
