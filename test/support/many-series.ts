/** A lake of many long series, as manifests alone: its data files are there, and empty. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseMicros, periodWindow } from '../../src/base/time.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { seriesId } from '../../src/report/series-id.ts'
import { manifestPath, partitionPath } from '../../src/store/layout.ts'
import { formatManifest } from '../../src/store/manifest.ts'

const YEARS = ['2018', '2019', '2020', '2021', '2022', '2023', '2024', '2025']

/** Writes `count` series of eight years, each with nine outages; returns their names in links. */
export async function manySeries(dataDir: string, count: number): Promise<readonly string[]> {
  const keys = Array.from({ length: count }, (_, index): SeriesKey => ({
    market: 'spot',
    dataset: 'klines',
    symbol: `SYMBOL${String(index).padStart(3, '0')}USDT`,
    interval: '1h',
  }))
  await Promise.all(keys.map((key) => writeSeries(dataDir, key)))
  return keys.map(seriesId)
}

async function writeSeries(dataDir: string, key: SeriesKey): Promise<void> {
  for (const year of YEARS) {
    const path = join(dataDir, partitionPath(key, year))
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, '')
  }
  const partitions = YEARS.map((year) => {
    const { from, to } = periodWindow(year)
    const entry = {
      rows: 8_760,
      bytes: 0,
      sha256: '0'.repeat(64),
      firstKey: String(from),
      lastKey: String(to - 3_600_000_000n),
      sources: ['rest'],
      proof: {},
    }
    return [year, entry] as const
  })
  const text = formatManifest({
    key,
    numbers: 'float64',
    partition: 'year',
    coverage: [{ from: parseMicros('2018-01-01'), to: parseMicros('2026-01-01') }],
    gaps: Array.from({ length: 9 }, (_, index) => ({
      from: parseMicros(`2020-0${index + 1}-10T02:00`),
      to: parseMicros(`2020-0${index + 1}-10T08:00`),
      reason: 'outage' as const,
    })),
    fresh: [],
    partitions: new Map(partitions),
    archives: new Map(),
    revisions: [],
    doubts: [],
  })
  await writeFile(join(dataDir, manifestPath(key)), text)
}
