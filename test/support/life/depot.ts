/** The archive of a life: files of the truth, late, cut, missing and replaced as their names' hashes will have it. */

import { createHash } from 'node:crypto'
import { micros, periodOf, periodWindow, type Micros } from '../../../src/base/time.ts'
import { archivePath, archiveSpan, publishedFrom } from '../../../src/binance/archive.ts'
import { bytesAnswer, xmlError } from '../../../src/simulator/archive-answer.ts'
import { listingXml, type BucketKey } from '../../../src/simulator/archive-listing.ts'
import { zipOf } from '../../../src/simulator/archive-zip.ts'
import type { AggTrade, Kline, Trade } from '../../../src/simulator/rows.ts'
import { mixText } from './dice.ts'
import { HOUR } from './history.ts'
import type { Answer } from './host.ts'
import {
  finalRow,
  versionAt,
  type AnyRow,
  type SeriesTruth,
  type Truth,
  type TruthRow,
} from './truth.ts'

/** The state of a file at a moment. */
type FileState = {
  readonly rows: readonly TruthRow[]
  /** Rows of its time that it lacks. */
  readonly lacks: readonly TruthRow[]
  readonly made: Micros
}

/** The archive. */
export class Depot {
  readonly #truth: Truth
  /** May files come late, be cut for a while, or never come? */
  readonly #hasFaults: boolean
  readonly #made = new Map<string, Uint8Array>()
  /** Told of rows that a file lacks when it is loaded. */
  readonly #onLack: (row: TruthRow, now: Micros) => void

  constructor(
    truth: Truth,
    hasFaults: boolean,
    onLack: (row: TruthRow, now: Micros) => void = () => undefined,
  ) {
    this.#truth = truth
    this.#hasFaults = hasFaults
    this.#onLack = onLack
  }

  /** Answers a request at `now`. */
  answer(url: URL, now: Micros): Answer {
    const path = decodeURIComponent(url.pathname.slice(1))
    if (path === '') return this.#listing(url.searchParams, now)
    const isChecksum = path.endsWith('.CHECKSUM')
    const zipPath = isChecksum ? path.slice(0, -'.CHECKSUM'.length) : path
    const period = /-(\d{4}-\d{2}(?:-\d{2})?)\.zip$/.exec(zipPath)?.[1]
    const series = this.#all().find(
      ({ key }) => period !== undefined && archivePath(key, period) === zipPath,
    )
    const state = series && period !== undefined ? this.#state(series, period, now) : undefined
    if (series === undefined || state === undefined)
      return xmlError(404, 'NoSuchKey', 'No such key.')
    const zip = this.#zip(series, zipPath, state)
    if (!isChecksum) for (const row of state.lacks) this.#onLack(row, now)
    if (!isChecksum) return bytesAnswer(zip, state.made)
    const name = zipPath.slice(zipPath.lastIndexOf('/') + 1)
    const hash = createHash('sha256').update(zip).digest('hex')
    return bytesAnswer(new TextEncoder().encode(`${hash}  ${name}\n`), state.made)
  }

  /** The rows that the archive has of `series` in `period` at `now`; `undefined` when there is no file. */
  #state(series: SeriesTruth, period: string, now: Micros): FileState | undefined {
    const draw = mixText(this.#truth.seed, archivePath(series.key, period))
    const { delay, isMissing, cut } = this.#faultsOf(draw)
    const published = micros(publishedFrom(period) + delay)
    if (published > now || isMissing) return undefined
    const { from, to } = periodWindow(period)
    const rows = series.rows.filter(({ time }) => from <= time && time < to)
    if (rows.length === 0) return undefined
    const mended = micros(published + 40n * HOUR)
    const isCut = cut !== undefined && now < mended
    const changes = rows.flatMap(({ restatedAt }) =>
      restatedAt === undefined ? [] : [micros(restatedAt + 6n * HOUR)],
    )
    const made = [published, ...changes, ...(cut === undefined ? [] : [mended])]
      .filter((at) => at <= now)
      .reduce((a, b) => (a > b ? a : b))
    const kept = isCut ? cut(rows) : rows
    const lacks = isCut ? rows.filter((row) => !kept.includes(row)) : []
    return kept.length === 0 ? undefined : { rows: kept, lacks, made }
  }

  #faultsOf(draw: number): {
    readonly delay: bigint
    readonly isMissing: boolean
    readonly cut?: (rows: readonly TruthRow[]) => readonly TruthRow[]
  } {
    const delay = BigInt(1 + (draw % 8)) * HOUR
    if (!this.#hasFaults) return { delay, isMissing: false }
    const share = ((draw >>> 16) % 50) / 100
    const head = (rows: readonly TruthRow[]): number => Math.ceil(rows.length * share)
    const kind = (draw >>> 8) % 100
    if (kind < 5) return { delay, isMissing: true }
    if (kind < 20) return { delay: delay + 30n * HOUR, isMissing: false }
    if (kind < 30) return { delay, isMissing: false, cut: (rows) => rows.slice(head(rows)) }
    if (kind < 40)
      return { delay, isMissing: false, cut: (rows) => rows.slice(0, rows.length - head(rows)) }
    return { delay, isMissing: false }
  }

  #zip(series: SeriesTruth, path: string, { rows, made }: FileState): Uint8Array {
    const name = `${path} ${made}`
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const at = micros(made - 6n * HOUR)
    const lines = rows.map((row) => csvLine(finalRow(series, row, versionAt(row, at))))
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
    const entry = path.slice(path.lastIndexOf('/') + 1).replace('.zip', '.csv')
    const zip = zipOf([{ name: entry, bytes, isStored: true }])
    this.#made.set(name, zip)
    return zip
  }

  #listing(query: URLSearchParams, now: Micros): Answer {
    const prefix = query.get('prefix') ?? ''
    const keys = this.#all().flatMap((series) => this.#keysOf(series, prefix, now))
    const xml = listingXml(
      keys.sort((a, b) => (a.key < b.key ? -1 : 1)),
      {
        prefix,
        delimiter: query.get('delimiter') ?? '',
        marker: query.get('marker') ?? '',
        maxKeys: 1_000,
      },
    )
    const headers = { 'content-type': 'application/xml' }
    return { status: 200, headers, body: new TextEncoder().encode(xml) }
  }

  #keysOf(series: SeriesTruth, prefix: string, now: Micros): readonly BucketKey[] {
    const span = prefix.startsWith('data/spot/monthly/') ? 'month' : 'day'
    const [first, last] = [series.rows[0]?.time, series.rows.at(-1)?.time]
    if (first === undefined || last === undefined) return []
    const keys: BucketKey[] = []
    for (let at = first; at <= last; at = periodWindow(periodOf(at, span)).to) {
      const period = periodOf(at, span)
      const key = archivePath(series.key, period)
      if (!key.startsWith(prefix) || archiveSpan(period) !== (span === 'day' ? 'daily' : 'monthly'))
        continue
      const state = this.#state(series, period, now)
      if (state === undefined) continue
      const sizeBytes = this.#zip(series, key, state).length
      keys.push({ key, sizeBytes, modified: state.made })
    }
    return keys
  }

  #all(): readonly SeriesTruth[] {
    return this.#truth.symbols.flatMap(({ served }) => served)
  }
}

function csvLine(row: AnyRow): string {
  if ('openTime' in row) return klineLine(row)
  return 'firstTradeId' in row ? aggTradeLine(row) : tradeLine(row)
}

function klineLine(row: Kline): string {
  const { openTime, open, high, low, close, volume, closeTime, quoteVolume } = row
  const { tradeCount, takerVolume, takerQuoteVolume } = row
  return [
    openTime,
    open,
    high,
    low,
    close,
    volume,
    closeTime,
    quoteVolume,
    tradeCount,
    takerVolume,
    takerQuoteVolume,
    0,
  ].join(',')
}

function aggTradeLine({
  id,
  price,
  quantity,
  firstTradeId,
  lastTradeId,
  time,
  isBuyerMaker,
}: AggTrade): string {
  return [
    id,
    price,
    quantity,
    firstTradeId,
    lastTradeId,
    time,
    isBuyerMaker ? 'True' : 'False',
    'True',
  ].join(',')
}

function tradeLine({ id, price, quantity, quoteQuantity, time, isBuyerMaker }: Trade): string {
  return [id, price, quantity, quoteQuantity, time, isBuyerMaker ? 'True' : 'False', 'True'].join(
    ',',
  )
}
