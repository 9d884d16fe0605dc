/** Reads the lake for the page: manifests, and rows for candles. */

import { union } from '../base/coverage.ts'
import type { World } from '../base/ports.ts'
import { formatMicros, periodWindow, type Window } from '../base/time.ts'
import type { StoredSeries } from '../query/status.ts'
import { hasCandles } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { VERSION } from '../version.ts'
import { budgetOf, CHARTS_MAX, ROWS_MAX } from './budget.ts'
import { barStep, DAY, dayRow, daysText, spanOf, type DayFacts, type DayRow } from './days.ts'
import type { ReportDocument, ReportSeries } from './document.ts'
import { dayFacts, keyOf, seriesFacts } from './facts.ts'
import { lastRuns } from './run-lines.ts'
import { seriesCandles } from './series-candles.ts'
import { count } from './text.ts'

/** How the lake is read for the page. */
export type LakeReading = {
  readonly world: World
  /** Candles of this window; default: the newest of each series. */
  readonly window?: Window
  /** Are candles part of the document, not part of it, or read by the page when it shows them? */
  readonly candles: 'embedded' | 'none' | 'live'
  /** Who writes to the lake now, in words. */
  readonly writer?: string
  readonly signal?: AbortSignal
}

/** What the page is made of. */
export type LakeDocument = {
  readonly document: ReportDocument
  /** The bar of each series, in the order of the document. */
  readonly rows: readonly (DayRow | undefined)[]
}

/** Makes the document of these series. A series whose manifest cannot be read is in it, as damaged. */
export async function lakeDocument(
  all: readonly StoredSeries[],
  reading: LakeReading,
): Promise<LakeDocument> {
  const { world, candles: kind } = reading
  const charted = all.filter(({ status }) => hasCandles(datasetOf(status)))
  const drawn = new Set(kind === 'embedded' ? charted.slice(0, CHARTS_MAX) : [])
  const budget = budgetOf(all.length, drawn.size)
  const series: ReportSeries[] = []
  const painted: DayFacts[] = []
  const days: (DayRow | undefined)[] = []
  for (const one of all) {
    reading.signal?.throwIfAborted()
    const { status, present } = one
    const partitions = [...(present?.partitions ?? [])]
    const stored = union(partitions.map(([period]) => periodWindow(period)))
    const candles = drawn.has(one)
      ? await seriesCandles(
          keyOf(status),
          { stored, covered: status.covered },
          reading,
          budget.candles,
        )
      : undefined
    const facts = dayFacts(status)
    const row = dayRow(facts)
    painted.push(facts)
    days.push(row)
    series.push({
      ...seriesFacts(
        status,
        partitions.map(([, entry]) => entry),
        budget.listed,
      ),
      ...(row === undefined ? {} : { days: daysText(row) }),
      ...(candles === undefined ? {} : { candles }),
    })
  }
  const step = barStep(spanOf(days)?.count ?? 0)
  const rows = step === DAY ? days : painted.map((facts) => dayRow(facts, step))
  const made = formatMicros(world.clock.now()).replace(/\.\d+Z$/, 'Z')
  const candleNote = noteOf(charted.length, drawn.size, reading)
  const by = `binance-backfill ${VERSION}`
  const { writer } = reading
  const runs = await lastRuns(world.files)
  const running = writer === undefined ? {} : { writer }
  return { document: { made, by, series, runs, ...running, candleNote }, rows }
}

function noteOf(charted: number, drawn: number, { window, candles }: LakeReading): string {
  if (candles === 'none') return 'Candles were not asked for.'
  const many = 'put together into fewer, longer ones where there are many'
  const end = 'Other datasets have none. Prices are rounded to seven digits; the lake is not.'
  if (candles === 'live')
    return `Candles are read from the lake when they are shown, ${many}. ${end}`
  const what =
    window === undefined
      ? `the newest rows of each kline series, ${count(ROWS_MAX)} at most`
      : `the rows of ${formatMicros(window.from)} to ${formatMicros(window.to)}`
  const rest =
    drawn < charted ? ` Only the first ${drawn} of ${charted} kline series have them.` : ''
  return `The page holds candles of ${what}, ${many}.${rest} ${end}`
}
