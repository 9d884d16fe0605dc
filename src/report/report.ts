/** The report: what the lake holds, as one HTML page that needs no network. Reads manifests, and rows for candles. */

import { clip, union, type Coverage } from '../base/coverage.ts'
import { UsageError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { formatMicros, parseWindow, periodWindow, type Window } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import { Manifests } from '../session/manifests.ts'
import { worldOf } from '../session/world.ts'
import type { Job } from '../job/job.ts'
import { replaceText } from '../node/text-file.ts'
import type { Options } from '../options.ts'
import { readSeries } from '../query/read.ts'
import { budgetOf, CHARTS_MAX, ROWS_MAX } from './budget.ts'
import { bucketStep, CANDLE_COLUMNS, CandleBuckets, newest, type Candles } from './candles.ts'
import { dayRow, daysText, type DayRow } from './days.ts'
import type { ReportDocument, ReportSeries } from './document.ts'
import { dayFacts, keyOf, seriesFacts } from './facts.ts'
import { reportPage } from './page.ts'
import { count } from './text.ts'
import { reportAssets } from './page-assets.ts'
import { status, type SeriesStatus } from '../query/status.ts'
import { VERSION } from '../version.ts'

/** Options of a report, on top of those of every call. */
export type ReportOptions = Options & {
  /** Candles of this window; default: the newest of each series. */
  readonly window?: Window
  /** Draw candles? Default true; without, no data file is read. */
  readonly candles?: boolean
}

/** What was written. */
export type ReportSummary = {
  readonly path: string
  readonly bytes: number
  readonly series: number
  /** Series of which candles were drawn, and how many candles. */
  readonly charts: number
  readonly candles: number
  /** Why of some series nothing is known: their manifests cannot be read. */
  readonly damage: readonly NonNullable<SeriesStatus['error']>[]
}

/**
 * Writes the report of the series that `jobs` ask for, or of every series, to the file `out`.
 *
 * @throws UsageError when the lake holds no series, or `out` cannot be written.
 */
export async function writeReport(
  out: string,
  jobs: readonly Job[],
  options: ReportOptions = {},
): Promise<ReportSummary> {
  const { series } = await status(jobs, options)
  if (series.length === 0)
    throw new UsageError('the lake holds no series', {
      hint: 'Name the right --data-dir, or run a job first.',
    })
  const world = worldOf(options)
  try {
    const { document, rows } = await documentOf(series, { ...options, world })
    const page = reportPage(document, rows, await reportAssets())
    await replaceText(out, page)
    const damage = series.flatMap(({ error }) => (error === undefined ? [] : [error]))
    return { ...summaryOf(out, page, document), damage }
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

function summaryOf(
  path: string,
  page: string,
  document: ReportDocument,
): Omit<ReportSummary, 'damage'> {
  const drawn = document.series.flatMap(({ candles }) => (candles === undefined ? [] : [candles]))
  return {
    path,
    bytes: Buffer.byteLength(page),
    series: document.series.length,
    charts: drawn.length,
    candles: drawn.reduce((sum, { open }) => sum + open.length, 0),
  }
}

async function documentOf(
  all: readonly SeriesStatus[],
  options: ReportOptions & { readonly world: World },
): Promise<{ document: ReportDocument; rows: readonly (DayRow | undefined)[] }> {
  const charted =
    options.candles === false ? [] : all.filter(({ interval }) => interval !== undefined)
  const drawn = new Set(charted.slice(0, CHARTS_MAX))
  const budget = budgetOf(all.length, drawn.size)
  const manifests = new Manifests(options.world.files)
  const series: ReportSeries[] = []
  const rows: (DayRow | undefined)[] = []
  for (const one of all) {
    const key = keyOf(one)
    const manifest = one.error === undefined ? await manifests.get(key) : undefined
    const partitions = [...(manifest?.partitions ?? [])]
    const stored = union(partitions.map(([period]) => periodWindow(period)))
    const candles = drawn.has(one)
      ? await candlesOf(key, knownPart(stored, one), options, budget.candles)
      : undefined
    const row = dayRow(dayFacts(one))
    rows.push(row)
    series.push({
      ...seriesFacts(
        one,
        partitions.map(([, entry]) => entry),
        budget.listed,
      ),
      ...(row === undefined ? {} : { days: daysText(row) }),
      ...(candles === undefined ? {} : { candles }),
    })
  }
  const made = formatMicros(options.world.clock.now()).replace(/\.\d+Z$/, 'Z')
  const candleNote = noteOf(charted.length, drawn.size, options)
  return { document: { made, by: `binance-backfill ${VERSION}`, series, candleNote }, rows }
}

function noteOf(charted: number, drawn: number, { window, candles }: ReportOptions): string {
  if (candles === false) return 'Candles were not asked for.'
  const what =
    window === undefined
      ? `the newest rows of each kline series, ${count(ROWS_MAX)} at most`
      : `the rows of ${formatMicros(window.from)} to ${formatMicros(window.to)}`
  const rest =
    drawn < charted ? ` Only the first ${drawn} of ${charted} kline series have them.` : ''
  return `The page holds candles of ${what}, put together into fewer, longer ones where there are many.${rest} Other datasets have none. Prices are rounded to seven digits; the lake is not.`
}

/** Where a series can have rows: in the periods of its files, and no further than it is covered. */
function knownPart(stored: Coverage, { covered }: SeriesStatus): Coverage {
  const [begin, end] = [covered[0], covered.at(-1)]
  if (begin === undefined || end === undefined) return []
  return clip(stored, parseWindow({ from: begin.from, to: end.to }))
}

/** The candles of one series, `max` at most. */
async function candlesOf(
  key: SeriesKey,
  known: Coverage,
  options: ReportOptions & { readonly world: World },
  max: number,
): Promise<Candles | undefined> {
  const { interval } = key
  const [first, last] = [known[0], known.at(-1)]
  if (interval === undefined || first === undefined || last === undefined) return undefined
  const { world, signal } = options
  const whole = { from: first.from, to: last.to }
  const [window] = clip([whole], options.window ?? newest(whole, interval, ROWS_MAX))
  if (window === undefined) return undefined
  const buckets = new CandleBuckets(interval, bucketStep(interval, window, max))
  // Window by window: a file that is gone leaves a hole, and is no reason to draw nothing.
  for (const part of clip(known, window)) {
    const query = { world, ...key, ...part, columns: CANDLE_COLUMNS }
    for await (const batch of readSeries(signal === undefined ? query : { ...query, signal }))
      buckets.add(batch)
  }
  return buckets.finish()
}
