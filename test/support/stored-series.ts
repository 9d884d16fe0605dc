/** A series stored in memory from steps made up by a test: the conductor's last stretch without an exchange. */

import { subtractAll, type Coverage } from '../../src/base/coverage.ts'
import type { Gap } from '../../src/base/gap.ts'
import { micros, type Micros, type Window } from '../../src/base/time.ts'
import { type Numbers } from '../../src/binance/dataset.ts'
import { datasetOf } from '../../src/binance/market.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { openSeries, seriesWorld } from '../../src/session/series.ts'
import { emptyTally, WindowStore } from '../../src/store/window-store.ts'
import type { Page } from '../../src/rows/page.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { aggTradeJson, klineJson, type AggTrade, type Kline } from '../../src/simulator/rows.ts'
import { readManifest, type Series } from '../../src/store/series.ts'
import type { Manifest } from '../../src/store/manifest.ts'
import type { Files } from '../../src/base/ports.ts'

/** A walk's step, before it has a page. */
export type MadeStep<Row> = {
  readonly rows: readonly Row[]
  readonly reached: Micros
  readonly gaps: readonly Gap[]
}

/** How a series is stored. */
export type StoredOptions = {
  readonly files: Files
  readonly key: SeriesKey
  readonly partition: 'day' | 'month' | 'year'
  readonly numbers?: Numbers
  /** The server's clock; far in the future by default, so that nothing is young. */
  readonly now?: Micros
}

/** Opens a series as a run does. */
export async function openStored(
  { files, key, partition, numbers = 'string' }: StoredOptions,
  windows: Coverage = [],
): Promise<Series> {
  const settings = {
    source: 'rest',
    numbers,
    compression: 'none',
    settle: 0n,
    partition,
  } as const
  return openSeries(
    seriesWorld(files, async () => undefined),
    { key, wanted: [], settings },
    windows,
  )
}

/** Stores one window, and what it told. */
export async function storeWindow<Row extends Kline | AggTrade>(
  options: StoredOptions,
  series: Series,
  window: Window,
  steps: Iterable<MadeStep<Row>>,
): Promise<{ readonly revisions: number; readonly partitions: number }> {
  const tally = emptyTally()
  const store = new WindowStore(series, window, options.now ?? micros(2n ** 52n), tally)
  for (const { rows, reached, gaps } of steps) {
    const page = rows.length === 0 ? undefined : pageOfRows(options, rows)
    const step = { page, first: 0, end: rows.length, reached, gaps, source: 'rest' }
    await drained(store.take(step))
  }
  await drained(store.finish())
  return { revisions: tally.revisions, partitions: tally.files.size }
}

async function drained(steps: AsyncGenerator<unknown, void, void>): Promise<void> {
  while ((await steps.next()).done !== true);
}

/** Rows as the exchange would have sent them, decoded. */
export function pageOfRows(
  { key, numbers = 'string' }: StoredOptions,
  rows: readonly (Kline | AggTrade)[],
): Page {
  const texts = rows.map((row) =>
    'openTime' in row ? klineJson(row, 'us') : aggTradeJson(row, 'us'),
  )
  const body = new TextEncoder().encode(`[${texts.join(',')}]`)
  return decodePage(datasetOf(key), numbers, body, 'us')
}

/** The manifest on the disk. */
export async function manifestOf({ files, key }: StoredOptions): Promise<Manifest> {
  const manifest = await readManifest(files, key)
  if (manifest === undefined) throw new Error('no manifest')
  return manifest
}

/** What is left to ask for of `wanted`. */
export function missingOf(series: Series, wanted: Window): Coverage {
  return subtractAll([wanted], series.manifest.coverage)
}
