/** The report: what the lake holds, as one HTML page that needs no network. Reads manifests, and rows for candles. */

import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import { UsageError } from '../base/errors.ts'
import type { Window } from '../base/time.ts'
import { Manifests } from '../session/manifests.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import type { Job } from '../job/job.ts'
import { replaceText } from '../node/text-file.ts'
import type { Options } from '../options.ts'
import { status, type SeriesStatus, type StoredSeries } from '../query/status.ts'
import type { ReportDocument } from './document.ts'
import { keyOf } from './facts.ts'
import { lakeDocument } from './lake-document.ts'
import { reportPage } from './page.ts'
import { reportAssets } from './page-assets.ts'

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
    const { window, signal, candles } = options
    const manifests = new Manifests(world.files)
    const stored = await atOnce(ASKED_AT_ONCE, series, async (one): Promise<StoredSeries> => ({
      status: one,
      present: one.error === undefined ? await manifests.get(keyOf(one)) : undefined,
    }))
    const { document, rows } = await lakeDocument(stored, {
      world,
      candles: candles === false ? 'none' : 'embedded',
      ...(window === undefined ? {} : { window }),
      ...(signal === undefined ? {} : { signal }),
    })
    const page = reportPage(document, rows, await reportAssets())
    await replaceText(out, page)
    const damage = series.flatMap(({ error }) => (error === undefined ? [] : [error]))
    return { ...summaryOf(out, page, document), damage }
  } finally {
    await closeWorld(world, options)
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
