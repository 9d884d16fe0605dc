/** The exchange of a life: REST over the truth, with the faults of the hour. Knows what it kept back, and from whom. */

import { micros, type Micros } from '../../../src/base/time.ts'
import {
  aggTradeJson,
  klineJson,
  tradeJson,
  type AggTrade,
  type Kline,
  type Trade,
} from '../../../src/simulator/rows.ts'
import type { Dice } from './dice.ts'
import { holeAt, type Fault } from './faults.ts'
import {
  isTrading,
  rowAt,
  type AnyRow,
  type SeriesTruth,
  type SymbolTruth,
  type Truth,
  type TruthRow,
} from './truth.ts'

/** A plain answer. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A row that was kept back although a sound host has it: in which run, when, and whether its symbol was said to trade. */
export type Withheld = {
  readonly run: number
  readonly now: Micros
  readonly isTrading: boolean
  readonly isHole: boolean
}

/** What the exchange of a life is made with. */
export type HostOptions = {
  readonly truth: Truth
  /** Pages have so many rows at most, whatever is asked for. */
  readonly pageRows: number
}

/** What is different while one run lasts. */
export type Hour = { readonly run: number; readonly fault: Fault | undefined; readonly dice: Dice }

const DATASET_OF: Readonly<Record<string, string>> = {
  '/api/v3/klines': 'klines',
  '/api/v3/aggTrades': 'aggTrades',
  '/api/v3/historicalTrades': 'trades',
}

/** The exchange. */
export class Host {
  readonly #options: HostOptions
  /** What was kept back, by row. */
  readonly withheld = new Map<TruthRow, Withheld[]>()
  /** Klines as they were told before they were done, by a host that does not tell the time rightly. */
  readonly unfinished = new Map<TruthRow, AnyRow[]>()
  /** Requests for rows so far. */
  dataRequests = 0
  hour: Hour | undefined

  constructor(options: HostOptions) {
    this.#options = options
  }

  /** Answers a request at `now`. */
  answer(url: URL, now: Micros): Answer {
    const { hour } = this
    const fault = hour?.fault
    const isHit =
      'share' in (fault ?? {})
        ? (hour?.dice.chance((fault as { share: number }).share) ?? false)
        : true
    if (fault?.kind === 'errors' && isHit)
      return plain(503, '{"code":-1008,"msg":"overloaded"}', now)
    const dataset = DATASET_OF[url.pathname]
    const view = fault?.kind === 'lag' && isHit ? micros(now - fault.by) : now
    if (dataset !== undefined) {
      this.dataRequests += 1
      return this.#rows(dataset, url.searchParams, { now, view, isHit })
    }
    if (url.pathname === '/api/v3/exchangeInfo') return this.#info(url.searchParams, view, now)
    if (url.pathname !== '/api/v3/time') return plain(200, '{}', now)
    const told = fault?.kind === 'clock' ? now + fault.by : now
    return plain(200, `{"serverTime":${told}}`, now)
  }

  /** Takes note of a row that a file of the archive lacks. */
  lacked(row: TruthRow, now: Micros): void {
    this.#note(row, { now, isTrading: true, isHole: true })
  }

  #symbol(name: string | null): SymbolTruth | undefined {
    return this.#options.truth.symbols.find(({ symbol }) => symbol === name)
  }

  #rows(
    dataset: string,
    query: URLSearchParams,
    { now, view, isHit }: { now: Micros; view: Micros; isHit: boolean },
  ): Answer {
    const symbol = this.#symbol(query.get('symbol'))
    const interval = query.get('interval') ?? undefined
    const series = symbol?.served.find(
      ({ key }) => key.dataset === dataset && key.interval === interval,
    )
    if (symbol === undefined) return plain(400, '{"code":-1121,"msg":"Invalid symbol."}', now)
    if (series === undefined) return plain(200, listingOf(symbol, query, view), now)
    const { hour } = this
    const fault = hour?.fault
    const hole = fault?.kind === 'hole' ? holeAt(fault, now) : undefined
    const asked = askedBy(series, query)
    const answered: AnyRow[] = []
    const limit = Math.min(Number(query.get('limit') ?? 500), this.#options.pageRows)
    for (const row of asked.rows) {
      const isKept =
        fault?.kind === 'empty' ||
        (hole !== undefined &&
          row !== series.rows[0] &&
          hole.from <= row.time &&
          row.time < hole.to)
      const shown = isKept ? undefined : rowAt(series, row, view)
      if (shown === undefined && row.visibleFrom <= now)
        this.#keepBack(row, symbol, view, hole !== undefined)
      if (shown === undefined) continue
      if (row.visibleFrom > view && (fault?.kind === 'lag' || fault?.kind === 'clock'))
        this.unfinished.set(row, [...(this.unfinished.get(row) ?? []), shown])
      answered.push(shown)
      if (answered.length === limit) break
    }
    if (asked.isNewest) answered.reverse()
    if (fault?.kind === 'doubled' && isHit && answered.length > 0) {
      const at = hour?.dice.whole(0, answered.length - 1) ?? 0
      answered.splice(at, 0, ...answered.slice(at, at + 1))
    }
    return plain(200, `[${answered.map((row) => textOf(row)).join(',')}]`, now)
  }

  #keepBack(row: TruthRow, symbol: SymbolTruth, view: Micros, isHole: boolean): void {
    this.#note(row, { now: view, isTrading: isTrading(symbol, view), isHole })
  }

  #note(row: TruthRow, how: Omit<Withheld, 'run'>): void {
    const list = this.withheld.get(row) ?? []
    const run = this.hour?.run ?? 0
    if (list.at(-1)?.run !== run) list.push({ run, ...how })
    this.withheld.set(row, list)
  }

  #info(query: URLSearchParams, view: Micros, now: Micros): Answer {
    const name = query.get('symbol')
    const symbols = this.#options.truth.symbols.filter(
      ({ symbol }) => name === null || symbol === name,
    )
    if (symbols.length === 0) return plain(400, '{"code":-1121,"msg":"Invalid symbol."}', now)
    const limit = {
      rateLimitType: 'REQUEST_WEIGHT',
      interval: 'MINUTE',
      intervalNum: 1,
      limit: 1e8,
    }
    const told = symbols.map((one) => ({
      symbol: one.symbol,
      status: isTrading(one, view) ? 'TRADING' : 'BREAK',
      baseAsset: one.symbol.slice(0, 3),
      quoteAsset: 'USDT',
    }))
    const info = {
      timezone: 'UTC',
      serverTime: Number(now / 1_000n),
      rateLimits: [limit],
      symbols: told,
    }
    return plain(200, JSON.stringify(info), now)
  }
}

type Asked = { readonly rows: readonly TruthRow[]; readonly isNewest: boolean }

/** The rows that a query is about, in the order in which they fill the page. */
function askedBy({ rows, key }: SeriesTruth, query: URLSearchParams): Asked {
  const fromId = query.get('fromId')
  if (fromId !== null)
    return { rows: since(rows, ({ key: id }) => id >= BigInt(fromId)), isNewest: false }
  const from = timeOf(query.get('startTime'))
  const to = timeOf(query.get('endTime'))
  const isBefore = ({ time }: TruthRow): boolean => to === undefined || time <= to
  if (from === undefined) return { rows: rows.filter(isBefore).reverse(), isNewest: true }
  const isAfter = ({ time }: TruthRow): boolean => time >= from
  if (key.interval !== undefined)
    return { rows: since(rows, isAfter).filter(isBefore), isNewest: false }
  return { rows: rows.filter((row) => isAfter(row) && isBefore(row)), isNewest: false }
}

function since(
  rows: readonly TruthRow[],
  isAfter: (row: TruthRow) => boolean,
): readonly TruthRow[] {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]
    if (row !== undefined && !isAfter(row)) low = middle + 1
    else high = middle
  }
  return rows.slice(low)
}

/** Milliseconds or microseconds, told apart by their length; a millisecond that is an end is meant whole. */
function timeOf(text: string | null): bigint | undefined {
  if (text === null) return undefined
  return text.length > 14 ? BigInt(text) : BigInt(text) * 1_000n
}

/** Of a series that the life has not, only the first kline is asked for: when the symbol was listed. */
function listingOf({ listed }: SymbolTruth, query: URLSearchParams, view: Micros): string {
  const from = listed[0]?.from
  if (query.get('startTime') !== '0' || from === undefined || from > view) return '[]'
  const minute = from - (from % 60_000_000n)
  return `[[${minute},"1","1","1","1","1",${minute + 59_999_999n},"1",1,"1","1","0"]]`
}

function textOf(row: AnyRow): string {
  if ('openTime' in row) return klineJson(row satisfies Kline, 'us')
  if ('firstTradeId' in row) return aggTradeJson(row satisfies AggTrade, 'us')
  return tradeJson(row satisfies Trade, 'us')
}

function plain(status: number, text: string, now: Micros): Answer {
  const date = new Date(Number(now / 1_000n)).toUTCString()
  const headers = { 'content-type': 'application/json', 'x-mbx-used-weight-1m': '1', date }
  return { status, headers, body: new TextEncoder().encode(text) }
}
