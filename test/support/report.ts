/** Made-up report pages, as large and as hostile as they come. */

import { runsOf } from '../../src/report/candles.ts'
import { dayRow, daysText, type DayRow } from '../../src/report/days.ts'
import type { ReportDocument, ReportSeries } from '../../src/report/document.ts'
import { fromMillis } from '../../src/base/time.ts'
import { reportPage } from '../../src/report/page.ts'
import { reportAssets } from '../../src/report/page-assets.ts'

const START = Date.UTC(2018, 0, 1)
const DAY_MS = 86_400_000

/** One series of `days` days, a tenth of them with something to tell, and `candles` candles. */
export function madeUpSeries(
  name: string,
  options: { readonly days: number; readonly candles: number; readonly listed?: number },
): { series: ReportSeries; row: DayRow } {
  const { days, candles, listed = 5 } = options
  const at = (day: number): ReturnType<typeof fromMillis> => fromMillis(START + day * DAY_MS)
  const row = dayRow({
    covered: [{ from: at(0), to: at(days) }],
    missing: [],
    gaps: Array.from({ length: Math.floor(days / 10) }, (_, index) => ({
      from: at(index * 10 + 3),
      to: at(index * 10 + 4),
      reason: 'outage' as const,
    })),
    revised: [],
  })!
  const column = (of: (index: number) => number): number[] =>
    Array.from({ length: candles }, (_, i) => of(i))
  const price = (index: number): number =>
    Number((30_000 + 9_000 * Math.sin(index / 40)).toPrecision(7))
  const window = { from: '2018-01-04T00:00Z', to: '2018-01-05T00:00Z' }
  const series: ReportSeries = {
    id: name.replaceAll(' ', '/'),
    name,
    dataset: 'klines',
    hasCandles: true,
    standing: 'gaps',
    verdict: `complete with ${Math.floor(days / 10)} known gaps`,
    rows: days * 1440,
    files: Math.ceil(days / 30),
    bytes: days * 40_000,
    sources: { archive: Math.ceil(days / 30) - 1, rest: 1 },
    covered: [window],
    coveredCount: 1,
    to: '2025-12-31T00:00Z',
    isEnded: false,
    isDamaged: false,
    isUnconfirmed: false,
    unconfirmedCount: 0,
    interval: '1d',
    missing: [],
    missingCount: 0,
    gaps: Array.from({ length: listed }, () => ({ ...window, reason: 'outage' })),
    gapCount: Math.floor(days / 10),
    revisions: [],
    revisionCount: 0,
    days: daysText(row),
    candles: {
      step: 86_400,
      rows: candles * 1440,
      first: START / 1000,
      apart: runsOf(column((index) => START / 1000 + index * 86_400)),
      open: column(price),
      high: column((index) => price(index) + 410.25),
      low: column((index) => price(index) - 390.75),
      close: column((index) => price(index + 1)),
      volume: column((index) => 12_000.5 + index),
    },
  }
  return { series, row }
}

/** The page of such series, with the scripts and styles that the real one has. */
export async function madeUpPage(
  made: readonly { readonly series: ReportSeries; readonly row: DayRow }[],
): Promise<string> {
  const document: ReportDocument = {
    made: '2026-01-01T00:00:00Z',
    by: 'binance-backfill test',
    series: made.map(({ series }) => series),
    runs: [],
    candleNote: 'Made up.',
  }
  return reportPage(
    document,
    made.map(({ row }) => row),
    await reportAssets(),
  )
}
