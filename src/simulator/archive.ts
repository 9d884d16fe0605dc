/**
 * The public archive of the exchange: zips and checksums made from the same histories when first requested, and the
 * listing of their bucket. Like the exchange it reads no clock.
 */

import {
  archivePath,
  archiveSpan,
  checksumPath,
  periodOfPath,
  publishedFrom,
} from '../binance/archive.ts'
import { MARKETS } from '../binance/market.ts'
import { DEFAULT_MARKET, type Market, type SeriesKey } from '../binance/series.ts'
import {
  intervalPathName,
  intervalStep,
  INTERVALS,
  parseInterval,
  slotCount,
} from '../binance/interval.ts'
import { micros, parseMicros, periodOf, periodWindow, type Micros } from '../base/time.ts'
import { makeFile, rowsOf, type ArchiveFile } from './archive-file.ts'
import { listingXml, type BucketKey } from './archive-listing.ts'
import type { ArchiveFault, ArchiveOptions } from './archive-options.ts'
import { ARCHIVED, rowCountOf, type ArchiveSeries } from './archive-rows.ts'
import { bytesAnswer, rangeOf, xmlError, type ArchiveAnswer } from './archive-answer.ts'
import type { History } from './source.ts'

const DAY_MS = 86_400_000n
const DAY = DAY_MS * 1000n
/** No symbol was traded before. */
const BEGINNING = parseMicros('2017-08-01')
const FILES_KEPT = 64
/** About the size of a row in a zip, and of its headers; listings do not make the files that they name. */
const ROW_BYTES = {
  klines: 37,
  markPriceKlines: 40,
  indexPriceKlines: 40,
  premiumIndexKlines: 40,
  fundingRate: 12,
  metrics: 20,
  aggTrades: 18,
  trades: 16,
}
const ZIP_BYTES = 200
/** So many times as large are rows that are not compressed. */
const STORED = 4

/** A request for a file or a listing. */
export type ArchiveRequest = {
  /** Percent-encoded. */
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
}

/** Does the archive serve this path? */
export function isArchivePath(path: string, query: string): boolean {
  return path.startsWith('/data/') || ((path === '/' || path === '') && query.includes('prefix='))
}

/** The archive of some symbols. */
export class SimArchive {
  readonly #market: Market
  /** The folder of all its files. */
  readonly #root: string
  readonly #options: ArchiveOptions
  readonly #symbols: ReadonlyMap<string, History>
  readonly #files = new Map<string, ArchiveFile>()
  readonly #folders = new Map<string, readonly BucketKey[]>()

  constructor(
    options: ArchiveOptions,
    symbols: ReadonlyMap<string, History>,
    market: Market = DEFAULT_MARKET,
  ) {
    this.#market = market
    this.#root = MARKETS[market].archiveFolder
    this.#options = options
    this.#symbols = symbols
  }

  /** Answers when the server's clock shows `now`. */
  answer({ path, query, headers }: ArchiveRequest, now: Micros): ArchiveAnswer {
    if (!path.startsWith('/data/')) return this.#list(new URLSearchParams(query), now)
    const file = this.#find(decodeURIComponent(path.slice(1)), now)
    if (file === undefined) return xmlError(404, 'NoSuchKey', 'The specified key does not exist.')
    const range = this.#options.hasRanges === false ? undefined : headers['range']
    return rangeOf(bytesAnswer(file.bytes, file.modified), range, headers['if-range'])
  }

  #find(
    path: string,
    now: Micros,
  ): { readonly bytes: Uint8Array; readonly modified: Micros } | undefined {
    const { recorded } = this.#options
    if (recorded !== undefined) {
      const file = recorded.get(path)
      return file && { bytes: file.read(), modified: file.modified }
    }
    const isChecksum = path.endsWith('.CHECKSUM')
    const zipPath = isChecksum ? path.slice(0, -'.CHECKSUM'.length) : path
    const made = this.#file(zipPath, now)
    if (made === undefined) return undefined
    const bytes = isChecksum ? new TextEncoder().encode(made.file.checksum) : made.file.zip
    return { bytes, modified: made.modified }
  }

  #file(
    path: string,
    now: Micros,
  ): { readonly file: ArchiveFile; readonly modified: Micros } | undefined {
    const period = periodOfPath(path)
    const series = this.#seriesOf(path)
    if (period === undefined || series === undefined) return undefined
    if (archivePath(this.#keyOf(series), period) !== path) return undefined
    const { faults, modified } = this.#faultsOf(path, period, now)
    const history = this.#historyOf(series)
    if (history === undefined || !this.#isThere(series, period, now)) return undefined
    const key = `${path} ${modified}`
    const known = this.#files.get(key)
    if (known !== undefined) return { file: known, modified }
    const baseName = path.slice(path.lastIndexOf('/') + 1, -'.zip'.length)
    const file = makeFile({ history, series, period, baseName, faults, market: this.#market })
    const [oldest] = this.#files.keys()
    if (this.#files.size >= FILES_KEPT && oldest !== undefined) this.#files.delete(oldest)
    this.#files.set(key, file)
    return { file, modified }
  }

  /** The faults of a file at `now`, and since when it has been in this state. */
  #faultsOf(
    path: string,
    period: string,
    now: Micros,
  ): { readonly faults: readonly ArchiveFault[]; readonly modified: Micros } {
    const rules = (this.#options.rules ?? []).filter((rule) => path.includes(rule.path))
    const faults = rules
      .filter(({ from = now, to }) => from <= now && (to === undefined || now < to))
      .map(({ fault }) => fault)
    const changes = rules.flatMap(({ from, to }) => [from, to]).filter((at) => at !== undefined)
    const last = changes.filter((at) => at <= now).reduce((a, b) => (a > b ? a : b), micros(0n))
    const published = this.#publishedFrom(period)
    return { faults, modified: last > published ? last : published }
  }

  #publishedFrom(period: string): Micros {
    return micros(publishedFrom(period) + BigInt(this.#options.lagMs ?? 0) * 1000n)
  }

  #isThere(series: ArchiveSeries, period: string, now: Micros): boolean {
    const history = this.#historyOf(series)
    const path = archivePath(this.#keyOf(series), period)
    const { faults } = this.#faultsOf(path, period, now)
    if (history === undefined || faults.some(({ kind }) => kind === 'missing')) return false
    if (this.#publishedFrom(period) > now) return false
    const { interval } = series
    const isLong = interval !== undefined && intervalStep(interval) > DAY
    const isMonthly = isLong || series.dataset === 'fundingRate'
    if (isMonthly && archiveSpan(period) === 'daily') return false
    if (series.dataset === 'metrics' && archiveSpan(period) === 'monthly') return false
    return rowCountOf(history, series, rowsOf(period)) > 0
  }

  #list(query: URLSearchParams, now: Micros): ArchiveAnswer {
    if (this.#options.isListed === false) return xmlError(403, 'AccessDenied', 'Access Denied')
    const prefix = query.get('prefix') ?? ''
    const marker = query.get('marker') ?? ''
    const xml = listingXml(this.#keys(prefix, now, marker), {
      prefix,
      delimiter: query.get('delimiter') ?? '',
      marker,
      maxKeys: this.#options.listingKeys ?? 1000,
    })
    return {
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: new TextEncoder().encode(xml),
    }
  }

  /** The keys under `prefix` after `marker`, sorted; for folders above a series, enough to name what is below them. */
  #keys(prefix: string, now: Micros, marker: string): readonly BucketKey[] {
    const { recorded } = this.#options
    if (recorded !== undefined)
      return [...recorded]
        .map(([key, { sizeBytes, modified }]) => ({ key, sizeBytes, modified }))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
    const series = this.#seriesOf(prefix)
    if (series === undefined) return this.#folderKeys()
    const span = prefix.startsWith(`${this.#root}/monthly/`) ? 'month' : 'day'
    const name = `${prefix} ${marker} ${now / DAY}`
    const known = this.#folders.get(name) ?? this.#seriesKeys(series, span, { now, marker })
    // A listing changes when a file is published or a rule begins; both may happen within a day.
    if ((this.#options.rules ?? []).length === 0 && (this.#options.lagMs ?? 0) === 0)
      this.#folders.set(name, known)
    return known
  }

  #seriesKeys(
    series: ArchiveSeries,
    span: 'day' | 'month',
    { now, marker }: { readonly now: Micros; readonly marker: string },
  ): readonly BucketKey[] {
    const history = this.#historyOf(series)
    const keys: BucketKey[] = []
    if (history === undefined) return keys
    for (let from = BEGINNING; from < now;) {
      const period = periodOf(from, span)
      from = periodWindow(period).to
      const key = archivePath(this.#keyOf(series), period)
      if (checksumPath(key) <= marker || !this.#isThere(series, period, now)) continue
      const { modified, faults } = this.#faultsOf(key, period, now)
      const rows =
        series.interval === undefined
          ? rowCountOf(history, series, rowsOf(period))
          : slotCount(series.interval, periodWindow(period))
      const times = faults.some(({ kind }) => kind === 'stored') ? STORED : 1
      const sizeBytes = ZIP_BYTES + times * rows * ROW_BYTES[series.dataset]
      keys.push({ key, sizeBytes, modified }, { key: checksumPath(key), sizeBytes: 100, modified })
    }
    return keys
  }

  /** The series that a file or a whole folder belongs to. */
  #seriesOf(path: string): ArchiveSeries | undefined {
    if (!path.startsWith(`${this.#root}/`)) return undefined
    const [, dataset, symbol, name] = SERIES.exec(path.slice(this.#root.length + 1)) ?? []
    const kind = ARCHIVED.find((own) => own === dataset)
    if (kind === undefined || symbol === undefined) return undefined
    const facts = MARKETS[this.#market].datasets[kind]
    const interval = name === undefined ? undefined : parseInterval(name)
    if (facts === undefined || facts.hasInterval !== (interval !== undefined)) return undefined
    return { dataset: kind, symbol, ...(interval === undefined ? {} : { interval }) }
  }

  #keyOf(series: ArchiveSeries): SeriesKey {
    return { market: this.#market, ...series }
  }

  /** The history of a symbol, or of a pair's first contract. */
  #historyOf({ symbol }: ArchiveSeries): History | undefined {
    const found = this.#symbols.get(symbol)
    if (found !== undefined) return found
    const contract = [...this.#symbols.keys()].find((name) => name.startsWith(`${symbol}_`))
    return contract === undefined ? undefined : this.#symbols.get(contract)
  }

  #folderKeys(): readonly BucketKey[] {
    const keys: string[] = []
    for (const span of ['daily', 'monthly'])
      for (const symbol of this.#symbols.keys()) {
        for (const interval of INTERVALS)
          keys.push(`${this.#root}/${span}/klines/${symbol}/${intervalPathName(interval)}/-`)
        for (const dataset of ['aggTrades', 'trades'])
          keys.push(`${this.#root}/${span}/${dataset}/${symbol}/-`)
      }
    return keys.sort().map((key) => ({ key, sizeBytes: 0, modified: BEGINNING }))
  }
}

const SERIES = /^(?:daily|monthly)\/([A-Za-z]+)\/([^/]+)\/(?:([^/]+)\/)?[^/]*$/
