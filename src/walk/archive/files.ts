/** The public archive, as the walks see it: which files exist, and each of them on disk. One per run. */

import PQueue from 'p-queue'
import { ArchiveError } from '../../base/errors.ts'
import type { Files, World } from '../../base/ports.ts'
import { clip, type Coverage } from '../../base/coverage.ts'
import {
  floorDiv,
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Window,
} from '../../base/time.ts'
import {
  archivePath,
  archivePeriods,
  archiveSpan,
  dailyPeriods,
  hasSpan,
  publishedFrom,
  shiftOf,
  type ArchivePeriod,
  type ArchiveSpan,
} from '../../binance/archive.ts'
import { datasetOf } from '../../binance/market.ts'
import { ARCHIVE_LISTING_URL, ARCHIVE_URL, baseUrlsOf, isBinanceUrl } from '../../binance/host.ts'
import { DEFAULT_MARKET, type Market, type SeriesKey } from '../../binance/series.ts'
import { nodeFiles } from '../../node/files.ts'
import type { Options } from '../../options.ts'
import { ArchiveClient } from '../../pull/archive/client.ts'
import { Downloads, type Archive } from '../../pull/archive/download.ts'
import { ArchiveIndex } from '../../pull/archive/listing.ts'
import type { ListedFile } from '../../pull/archive/listing-xml.ts'
import { UnknownFields } from '../../rows/unknown-fields.ts'
import type { PublishedFile } from '../../plan/task.ts'
import { Catalog } from './catalog.ts'
import { Packers } from './packing.ts'
import type { Source } from '../../job/job.ts'

const DAY = 86_400_000_000n
/** Listings, checksums and files requested at once. */
const CONCURRENCY = 4
/**
 * Whole days of a month, times the weight of a page, from which on the whole month is downloaded instead of requesting
 * these days from REST. A row takes about 13 bytes in a zip and 16 in a gzipped page, so up to 24 days are fewer bytes
 * from REST. But a day of two million trades costs 8,000 weight as aggTrades and 50,000 as trades, and a file costs
 * none.
 */
const MONTH_DAY_WEIGHTS_MIN = 40

/** May rows of this series come from the archive? */
export function usesArchive(key: SeriesKey, source: Source, options: Options): boolean {
  if (datasetOf(key).archive === undefined || source === 'rest') return false
  return source === 'archive' || isArchiveMeant(options, key.market)
}

/** Does the archive belong to the exchange that the options name? */
export function isArchiveMeant(
  { baseUrls, archiveUrl }: Options,
  market: Market = DEFAULT_MARKET,
): boolean {
  // Rows of another exchange, such as the simulator's, must not be mixed with Binance's own.
  return archiveUrl !== undefined || (baseUrlsOf(market, baseUrls) ?? []).every(isBinanceUrl)
}

/** How the archive is used; `attemptsMax`: most attempts per request. */
export type ArchiveOptions = Options & {
  readonly attemptsMax?: number
  /** Where requests wait for their turn, if several sessions share it. */
  readonly places?: PQueue | undefined
}

/** So many requests of the archive at once, whatever is allowed of REST. */
export function archivePlaces(concurrency: number = CONCURRENCY): PQueue {
  return new PQueue({ concurrency: Math.min(concurrency, CONCURRENCY) })
}

/** The archive, open for one run. */
export class ArchiveSession {
  readonly #index: ArchiveIndex
  readonly #downloads: Downloads
  readonly #scout: Downloads
  readonly #onWarning: (message: string) => void
  /** The threads that pack files; `undefined` where all is done in one. */
  readonly packers: Packers | undefined
  /** Which symbols it has, and of what time. */
  readonly catalog: Catalog
  /** Unknown fields of the files that were stored. */
  readonly unknown: UnknownFields
  #isDown = false

  constructor(world: World, options: ArchiveOptions, onWarning: (message: string) => void) {
    const { archiveUrl, keepArchives, concurrency = CONCURRENCY, attemptsMax } = options
    const urls = { url: archiveUrl ?? ARCHIVE_URL, listingUrl: archiveUrl ?? ARCHIVE_LISTING_URL }
    const places = options.places ?? archivePlaces(concurrency)
    const patience = attemptsMax === undefined ? {} : { attemptsMax }
    const client = new ArchiveClient(world, { ...urls, ...patience, places })
    // Whether the archive is reachable at all is found out quickly: REST can do without it.
    const scout = new ArchiveClient(world, { ...urls, places, attemptsMax: 2 })
    this.#index = new ArchiveIndex(scout)
    this.catalog = new Catalog(this.#index)
    this.#scout = new Downloads(scout, { files: world.files })
    const keep: Files | undefined = keepArchives === undefined ? undefined : nodeFiles(keepArchives)
    this.#downloads = new Downloads(client, { files: world.files, keep })
    this.#onWarning = onWarning
    this.packers = world.threads === undefined ? undefined : new Packers(world.threads)
    this.unknown = new UnknownFields(onWarning)
  }

  /** Is the archive unreachable? Then nothing more is requested from it. */
  get isDown(): boolean {
    return this.#isDown
  }

  /**
   * The files that hold the rows of `window`, oldest first, not overlapping: monthly ones for series whose partitions
   * are as long, daily ones for the others, so that a file can be taken back as a whole.
   */
  async filesFor(key: SeriesKey, window: Window, now: Micros): Promise<readonly PublishedFile[]> {
    const periods = isByDay(key)
      ? dailyPeriods(window, now, shiftOf(key))
      : archivePeriods(key, window, now)
    const found = await this.#published(key, periods)
    if (!hasDailyFiles(key)) return found
    const published = new Set(found.map(({ period }) => period))
    const months = periods.filter(
      ({ period }) => archiveSpan(period) === 'monthly' && !published.has(period),
    )
    const days = months.flatMap((month) => dailyPeriods(month.window, now))
    return [...found, ...(await this.#published(key, days))].sort(byTime)
  }

  /** Does the bucket list any file of a series, of whatever time? Not where it cannot be listed. */
  async isListed(key: SeriesKey): Promise<boolean> {
    if (this.#isDown) return false
    try {
      const monthly = await this.#index.files(key, 'monthly')
      if (monthly.size > 0 || !hasDailyFiles(key)) return monthly.size > 0
      return (await this.#index.files(key, 'daily')).size > 0
    } catch (error) {
      if (error instanceof ArchiveError) return false
      throw error
    }
  }

  /** The daily files of a stretch of time. */
  dailyFilesOf(key: SeriesKey, window: Window, now: Micros): Promise<readonly PublishedFile[]> {
    return this.#published(key, hasDailyFiles(key) ? dailyPeriods(window, now, shiftOf(key)) : [])
  }

  /** Daily files for what is left although its monthly file was tried. */
  async daysInstead(
    key: SeriesKey,
    left: Coverage,
    { now, tried }: Instead,
  ): Promise<readonly PublishedFile[]> {
    const months = tried.filter(({ period }) => archiveSpan(period) === 'monthly')
    const days = new Map<string, PublishedFile>()
    for (const month of months)
      for (const part of clip(left, month.window))
        for (const day of await this.dailyFilesOf(key, part, now)) days.set(day.period, day)
    return [...days.values()].sort(byTime)
  }

  /**
   * Monthly files for what is left, for series whose daily files are tried first: where no other source is left, or
   * instead of REST from the number of whole days on at which REST would send as much.
   */
  async monthsInstead(
    key: SeriesKey,
    left: Coverage,
    { now, isLast }: Instead,
  ): Promise<readonly PublishedFile[]> {
    if (!isByDay(key)) return []
    const days = left.flatMap(({ from, to }) => {
      if (isLast) return [{ from, to }]
      const first = micros(floorDiv(from + DAY - 1n, DAY) * DAY)
      const end = micros(floorDiv(to, DAY) * DAY)
      return first < end ? [{ from: first, to: end }] : []
    })
    const daysMin = BigInt(Math.ceil(MONTH_DAY_WEIGHTS_MIN / Math.max(1, datasetOf(key).weight)))
    const months = new Map<string, ArchivePeriod>()
    for (const { from, to } of days)
      for (let at = from; at < to; at = periodWindow(periodOf(at, 'month')).to) {
        const period = periodOf(at, 'month')
        months.set(period, { period, window: periodWindow(period) })
      }
    const wanted = [...months.values()].filter(({ period, window }) => {
      const length = clip(days, window).reduce((sum, part) => sum + part.to - part.from, 0n)
      return publishedFrom(period) <= now && (isLast || length >= daysMin * DAY)
    })
    return this.#published(key, wanted)
  }

  /** Those of `periods`, oldest first, that are published: by the bucket's listing, or all where it cannot be listed. */
  async #published(
    key: SeriesKey,
    periods: readonly ArchivePeriod[],
  ): Promise<readonly PublishedFile[]> {
    const [first] = periods
    if (this.#isDown || first === undefined) return []
    try {
      const [daily, monthly] = await Promise.all([
        this.#listed(key, periods, 'daily'),
        this.#listed(key, periods, 'monthly'),
      ])
      return periods.flatMap((period) => {
        const path = archivePath(key, period.period)
        const listed = daily.get(path) ?? monthly.get(path)
        return listed === undefined ? [] : [{ ...period, path, sizeBytes: listed.sizeBytes }]
      })
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      return this.#unlisted(key, periods, error)
    }
  }

  /** By name, where the bucket cannot be listed and can be reached. */
  async #unlisted(
    key: SeriesKey,
    periods: readonly ArchivePeriod[],
    error: ArchiveError,
  ): Promise<readonly PublishedFile[]> {
    const files = periods.map((period) => ({
      ...period,
      path: archivePath(key, period.period),
      sizeBytes: undefined,
    }))
    const [first] = files
    if (first === undefined || (await this.#isReachable(first.path))) return files
    // Several series may notice at the same time.
    if (this.#isDown) return []
    this.#isDown = true
    this.#onWarning(`the archive cannot be reached: ${error.message}`)
    return []
  }

  async #listed(
    key: SeriesKey,
    periods: readonly ArchivePeriod[],
    span: ArchiveSpan,
  ): Promise<ReadonlyMap<string, ListedFile>> {
    const ofSpan = periods.filter(({ period }) => archiveSpan(period) === span)
    const [first, last] = [ofSpan.at(0), ofSpan.at(-1)]
    if (first === undefined || last === undefined) return new Map()
    return this.#index.files(key, span, { first: first.period, last: last.period })
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

  /** The checksum that the archive publishes now. */
  checksum(path: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#downloads.checksum(path, signal)
  }
}

/** What to try after files that left something missing. */
export type Instead = {
  readonly now: Micros
  readonly tried: readonly PublishedFile[]
  /** Is no other source left? */
  readonly isLast: boolean
}

function byTime(a: PublishedFile, b: PublishedFile): number {
  return a.window.from < b.window.from ? -1 : 1
}

/** Series that are stored by day are read by day, so that a file can be taken back as a whole. */
function isByDay(key: SeriesKey): boolean {
  return datasetOf(key).partition(key.interval) === 'day'
}

function hasDailyFiles(key: SeriesKey): boolean {
  return hasSpan(key, 'daily')
}
