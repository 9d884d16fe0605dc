/** The public archive, as the conductor sees it: what there is, and each file's rows. One per run. */

import { ArchiveError } from '../base/errors.ts'
import type { Files, World } from '../base/ports.ts'
import type { Micros, Window } from '../base/time.ts'
import {
  archivePath,
  archivePeriods,
  archiveSpan,
  dailyPeriods,
  entryName,
  type ArchivePeriod,
} from '../binance/archive.ts'
import { DATASETS, type Numbers } from '../binance/dataset.ts'
import { ARCHIVE_LISTING_URL, ARCHIVE_URL, isBinanceUrl } from '../binance/host.ts'
import type { SeriesKey } from '../binance/series.ts'
import { nodeFiles } from '../node/files.ts'
import type { Options, Source } from '../options.ts'
import { ArchiveClient } from '../pull/archive/client.ts'
import { Downloads, type Archive } from '../pull/archive/download.ts'
import { ArchiveIndex } from '../pull/archive/listing.ts'
import { unzip } from '../pull/archive/zip.ts'
import { CsvFile } from '../rows/csv-file.ts'
import type { Page } from '../rows/page.ts'

/** May rows of this series come from the archive? */
export function usesArchive(
  key: SeriesKey,
  source: Source,
  { baseUrls, archiveUrl }: Options,
): boolean {
  if (!DATASETS[key.dataset].hasArchive || source === 'rest') return false
  // Rows of some other exchange, such as the simulator's, are not to be mixed with Binance's own.
  const isOwn = baseUrls === undefined || baseUrls.every(isBinanceUrl)
  return source === 'archive' || archiveUrl !== undefined || isOwn
}

/** The archive, open for one run. */
export class ArchiveSession {
  readonly #index: ArchiveIndex
  readonly #downloads: Downloads
  readonly #scout: Downloads
  readonly #onWarning: (message: string) => void
  #isDown = false

  constructor(
    world: World,
    { archiveUrl, keepArchives }: Options,
    onWarning: (message: string) => void,
  ) {
    const urls = { url: archiveUrl ?? ARCHIVE_URL, listingUrl: archiveUrl ?? ARCHIVE_LISTING_URL }
    const client = new ArchiveClient(world, urls)
    // Whether there is an archive at all is found out fast: REST can do without it.
    const scout = new ArchiveClient(world, { ...urls, attemptsMax: 2 })
    this.#index = new ArchiveIndex(scout)
    this.#scout = new Downloads(scout, { files: world.files })
    const keep: Files | undefined = keepArchives === undefined ? undefined : nodeFiles(keepArchives)
    this.#downloads = new Downloads(client, { files: world.files, keep })
    this.#onWarning = onWarning
  }

  /** Could the archive not be reached at all? Then nothing more is asked of it. */
  get isDown(): boolean {
    return this.#isDown
  }

  /**
   * The files that hold the rows of `window`, oldest first, not overlapping: monthly ones for series whose partitions
   * are as long, daily ones for the others, so that a file can be taken back as a whole.
   */
  async filesFor(key: SeriesKey, window: Window, now: Micros): Promise<readonly ArchiveFile[]> {
    const isByDay = key.interval === undefined || key.interval === '1s'
    const periods = isByDay ? dailyPeriods(window, now) : archivePeriods(key, window, now)
    const [first] = periods
    if (this.#isDown || first === undefined) return []
    const lists = await this.#lists(key, first)
    if (lists === undefined) return []
    return periods.flatMap((period) => {
      const found = lists(period)
      if (found.length > 0 || archiveSpan(period.period) === 'daily') return found
      return dailyPeriods(period.window, now).flatMap(lists)
    })
  }

  /** The daily files of a month, for when the monthly one cannot be used. */
  async dailyFilesOf(key: SeriesKey, window: Window, now: Micros): Promise<readonly ArchiveFile[]> {
    const periods = dailyPeriods(window, now)
    const [first] = periods
    const lists = first === undefined ? undefined : await this.#lists(key, first)
    return lists === undefined ? [] : periods.flatMap(lists)
  }

  /** Which files there are: by the bucket's listing, or by name where the bucket cannot be listed. */
  async #lists(
    key: SeriesKey,
    first: ArchivePeriod,
  ): Promise<((period: ArchivePeriod) => ArchiveFile[]) | undefined> {
    try {
      const daily = await this.#index.files(key, 'daily')
      const monthly = await this.#index.files(key, 'monthly')
      return (period) => {
        const files = archiveSpan(period.period) === 'daily' ? daily : monthly
        const listed = files.get(archivePath(key, period.period))
        return listed === undefined ? [] : [{ ...period, sizeBytes: listed.sizeBytes }]
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      if (await this.#isReachable(archivePath(key, first.period)))
        return (period) => [{ ...period, sizeBytes: undefined }]
      this.#isDown = true
      this.#onWarning(`the archive cannot be reached: ${error.message}`)
      return undefined
    }
  }

  async #isReachable(path: string): Promise<boolean> {
    try {
      await this.#scout.checksum(path)
      return true
    } catch (error) {
      if (error instanceof ArchiveError) return false
      throw error
    }
  }

  /** Downloads a file and checks it against its checksum; `undefined` when it is not published. */
  open(key: SeriesKey, period: string, signal?: AbortSignal): Promise<Archive | undefined> {
    return this.#downloads.open(archivePath(key, period), signal)
  }

  /** The checksum that the archive states now. */
  checksum(path: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#downloads.checksum(path, signal)
  }
}

/** One published file; its size where the bucket can be listed. */
export type ArchiveFile = ArchivePeriod & { readonly sizeBytes: number | undefined }

/** The rows of an opened file: in order, each key once, all possible and in the file's own period. */
export function rowsOf(
  key: SeriesKey,
  numbers: Numbers,
  file: ArchivePeriod,
  archive: Archive,
): AsyncGenerator<Page, void, void> {
  const path = archive.path
  const csv = new CsvFile(DATASETS[key.dataset], numbers, { period: file.window, file: path })
  return csv.pages(unzip(archive.file, { path, entry: entryName(key, file.period) }))
}
