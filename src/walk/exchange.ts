/** The exchange as the walks see it: its clock, limits, symbols and pages of rows. */

import { DataError, RejectedError, UnreachableError } from '../base/errors.ts'
import type { HttpAnswer, World } from '../base/ports.ts'
import type { Micros } from '../base/time.ts'
import type { Numbers } from '../binance/dataset.ts'
import { datasetOf, MARKETS } from '../binance/market.ts'
import { baseUrlsOf } from '../binance/host.ts'
import type { RestFacts } from '../binance/rest.ts'
import { DEFAULT_MARKET, type Market, type SeriesKey } from '../binance/series.ts'
import type { Options } from '../options.ts'
import type { Usage } from '../progress.ts'
import { Gateways } from '../pull/gateways.ts'
import { rankText } from '../pull/probe.ts'
import type { HostList, Query, Sign } from '../pull/query.ts'
import { signer } from '../pull/sign.ts'
import type { AskPage } from './walk.ts'
import type { ExchangeEvents } from './exchange-events.ts'
import { oldestFirst } from './oldest-first.ts'
import { pageQuery } from './page-query.ts'
import { MAX_WAIT_MS, sharedPool, WEIGHT_SHARE, type SharedPool } from './shared-pool.ts'
import { WireFormat } from '../pull/wire.ts'
import type { Page } from '../rows/page.ts'
import { PageReader } from '../rows/page-reader.ts'
import { type SymbolInfo, readInfo, symbolsAbout } from '../binance/exchange-info.ts'

/** Default number of requests in flight. */
export const CONCURRENCY = 8
/**
 * Attempts per request for commands that only read: they give up after seconds, not after the minute that a run allows.
 */
export const LOOK_ATTEMPTS = 4

/** How often the limits are read again: they have changed while programs ran (CHANGELOG 2023-08-25). */
const LIMITS_AGE_MS = 3_600_000

// All of exchangeInfo is tens of megabytes of JSON.
const INFO_BYTES_MAX = 256 << 20
/** The status of a symbol that trades. */
const TRADING = 'TRADING'
/** The status of a symbol that exchangeInfo does not list. */
export const UNKNOWN_SYMBOL = 'UNKNOWN'

/** Which symbols to request from exchangeInfo: it is long, and limits come with any of them. */
export type InfoScope =
  { readonly kind: 'all' } | { readonly kind: 'symbol'; readonly symbol: string }

/** A connection to one market of the exchange. */
export class ExchangeClient {
  readonly market: Market
  readonly gateways: Gateways
  readonly #events: ExchangeEvents
  readonly #concurrency: number
  readonly #signal: AbortSignal | undefined
  readonly #wire: WireFormat
  readonly #reader: PageReader
  readonly #signer: () => Sign | undefined
  #sign: Sign | undefined
  readonly #clock: World['clock']
  readonly #prefer: Options['prefer']
  #symbols: readonly SymbolInfo[] = []
  /** Does {@link symbols} hold everything exchangeInfo has? */
  #hasAllSymbols = false
  readonly #statuses = new Map<string, Promise<string | undefined>>()
  readonly #rest: RestFacts
  readonly #pool: SharedPool
  #limitsReadMs = 0
  #slowdownsSeen = 0
  #readingLimits: Promise<void> | undefined

  constructor(
    world: World,
    options: Options,
    events: ExchangeEvents,
    signal: AbortSignal | undefined,
  ) {
    const { market = DEFAULT_MARKET, pool } = events
    this.market = market
    this.#rest = MARKETS[market].rest
    this.#events = events
    this.#clock = world.clock
    this.#prefer = options.prefer
    this.#signal = signal
    const { wire = 'json' } = this.#rest.hasSbe ? options : {}
    this.#wire = new WireFormat(wire, events.onWarning)
    this.#reader = new PageReader(this.#wire, events.onWarning)
    this.#signer = () =>
      events.credentials && signer(events.credentials(), options.recvWindowMs, this.#rest.unit)
    this.#concurrency = options.concurrency ?? CONCURRENCY
    this.#pool = pool ?? sharedPool(world, market, options, events.onWait)
    const urls = baseUrlsOf(market, options.baseUrls)
    const gateway = {
      publicUrls: urls ?? this.#rest.publicUrls,
      apiUrls: urls ?? this.#rest.apiUrls,
      rest: this.#rest,
      limits: this.#rest.limits,
      share: options.weightShare ?? WEIGHT_SHARE,
      concurrency: this.#concurrency,
      maxWaitMs: options.maxWaitMs ?? MAX_WAIT_MS,
      accept: 'application/json',
      onWait: events.onWait,
      onWarning: events.onWarning,
      attemptsMax: events.attemptsMax,
      signal,
    }
    this.gateways = new Gateways(world, gateway, this.#pool.pools)
  }

  /**
   * Respects an earlier ban, then reads the server's clock and its limits. Call once, before anything else.
   *
   * @param lists - The hosts that will be used; they are sorted as the options say.
   */
  async open(scope: InfoScope, lists: readonly HostList[] = []): Promise<void> {
    await this.gateways.open()
    if (this.#prefer === 'fastest') for (const list of lists) await this.#preferFastest(list)
    await this.#readInfo(scope)
  }

  async #preferFastest(list: HostList): Promise<void> {
    if (this.gateways.health(list).length > 1) await this.gateways.preferFastest(list)
    this.#events.onNote?.(rankText(this.gateways.health(list)))
  }

  /** The server's clock. */
  now(): Micros {
    return this.gateways.now()
  }

  /** The symbols read by {@link open}. */
  get symbols(): readonly SymbolInfo[] {
    return this.#symbols
  }

  /**
   * Does exchangeInfo say that the symbol trades? A symbol that it does not list does not. `undefined` when it does not
   * answer, which proves nothing.
   */
  async isTrading(key: SeriesKey): Promise<boolean | undefined> {
    const status = await this.statusOf(key)
    return status === undefined ? undefined : status === TRADING
  }

  /** The status in exchangeInfo of the symbol of a series; `undefined` when it does not answer. */
  statusOf(key: SeriesKey): Promise<string | undefined> {
    const name = `${datasetOf(key).subject} ${key.symbol} ${key.contract}`
    const asked = this.#statuses.get(name) ?? this.#askStatus(key)
    this.#statuses.set(name, asked)
    return asked
  }

  async #askStatus(key: SeriesKey): Promise<string | undefined> {
    const statusIn = (symbols: readonly SymbolInfo[]): string => {
      const statuses = symbolsAbout(key, symbols).map(({ status }) => status)
      // A pair trades while one of its contracts does.
      return statuses.find((status) => status === TRADING) ?? statuses[0] ?? UNKNOWN_SYMBOL
    }
    const known = statusIn(this.#symbols)
    if (known !== UNKNOWN_SYMBOL || this.#hasAllSymbols) return known
    try {
      return statusIn(await this.#askInfo(key.symbol))
    } catch (error) {
      if (error instanceof RejectedError)
        return this.isInvalidSymbol(error) ? UNKNOWN_SYMBOL : undefined
      if (error instanceof UnreachableError || error instanceof DataError) return undefined
      throw error
    }
  }

  /** Was a request refused since there is no such symbol, or none any more? */
  isInvalidSymbol(error: unknown): boolean {
    if (!(error instanceof RejectedError) || error.exchangeCode === undefined) return false
    return this.#rest.invalidSymbols.includes(error.exchangeCode)
  }

  /** What exchangeInfo says of the symbol of a series, or of the contracts of its pair, as far as it was read. */
  infosOf(key: SeriesKey): readonly SymbolInfo[] {
    return symbolsAbout(key, this.#symbols)
  }

  /** Reads all of exchangeInfo, which costs as much as one symbol of it; then each {@link statusOf} is known. */
  async readAllSymbols(isAnew = false): Promise<void> {
    if (isAnew || !this.#hasAllSymbols) await this.#readInfo({ kind: 'all' })
    if (isAnew) this.#statuses.clear()
  }

  /** So many requests may be in flight, from all addresses. */
  get pagesAtOnce(): number {
    return this.#concurrency * this.gateways.all.length
  }

  /** What has been spent so far. */
  usage(): Usage {
    return { ...this.gateways.spent, ...this.gateways.use() }
  }

  /** Requests pages of one series: of what is asked for, the oldest rows. */
  pages(key: SeriesKey, numbers: Numbers, priority: number): AskPage {
    const ask = this.#pages(key, numbers, priority)
    const { windowDaysMax } = datasetOf(key)
    if (windowDaysMax === undefined || key.interval === undefined) return ask
    const askDays = this.#pages({ ...key, interval: '1d' }, numbers, priority)
    return oldestFirst(ask, askDays, {
      interval: key.interval,
      daysMax: windowDaysMax,
      now: () => this.now(),
    })
  }

  #pages(key: SeriesKey, numbers: Numbers, priority: number): AskPage {
    const dataset = datasetOf(key)
    const { unit } = this.#rest
    return async (params, check, signal) => {
      await this.#keepLimits()
      let asked = this.#wire.format
      const headers = (): Readonly<Record<string, string>> => {
        asked = this.#wire.format
        return this.#wire.headers()
      }
      const own = signal ?? this.#signal
      const query = { ...pageQuery(key, params, { priority, signal: own }), headers }
      const sign = dataset.security === 'signed' ? (this.#sign ??= this.#signer()) : undefined
      const read = (answer: HttpAnswer): Page =>
        this.#reader.read({ dataset, numbers, unit }, answer, check)
      try {
        return await this.gateways.ask(query, read, sign)
      } catch (error) {
        if (!this.#wire.isRefused(error, asked)) throw error
        return this.gateways.ask(query, read, sign)
      }
    }
  }

  /** What a walk over one series needs for its requests. */
  rest(
    key: SeriesKey,
    numbers: Numbers,
    priority: number,
  ): {
    ask: AskPage
    askAggTrades: AskPage
    readAhead: number
  } {
    const aggTrades: SeriesKey = { market: key.market, dataset: 'aggTrades', symbol: key.symbol }
    return {
      ask: this.pages(key, numbers, priority),
      // Not every market has them.
      askAggTrades: (...asked) => this.pages(aggTrades, numbers, priority)(...asked),
      readAhead: this.pagesAtOnce,
    }
  }

  async #readInfo(scope: InfoScope): Promise<void> {
    try {
      this.#symbols = await this.#askInfo(scope.kind === 'symbol' ? scope.symbol : undefined)
      this.#hasAllSymbols = scope.kind === 'all' || !this.#rest.isInfoBySymbol
    } catch (error) {
      // A symbol that exchangeInfo does not list may still have history; any symbol brings the limits.
      if (!(error instanceof RejectedError) || scope.kind === 'all') throw error
      await this.#readLimitsOnly()
    }
  }

  /**
   * For callers that name symbols: without exchangeInfo the documented limits apply, and rows can still be requested.
   */
  async #readLimitsOnly(): Promise<void> {
    try {
      this.#symbols = await this.#askInfo()
      this.#hasAllSymbols = true
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error
      this.#limitsReadMs = this.#clock.monotonicMs()
      this.#events.onWarning(`continuing with the documented limits: ${error.message}`)
    }
  }

  /** Reads the limits again when they may have changed: after a 429, and every hour. */
  async #keepLimits(): Promise<void> {
    const isOld = this.#clock.monotonicMs() - this.#limitsReadMs > LIMITS_AGE_MS
    if (!isOld && this.gateways.slowdowns === this.#slowdownsSeen) return
    this.#readingLimits ??= this.#rereadLimits().finally(() => (this.#readingLimits = undefined))
    await this.#readingLimits
  }

  async #rereadLimits(): Promise<void> {
    // exchangeInfo of one symbol has the same limits as all of it.
    const [known] = this.#symbols
    this.#limitsReadMs = this.#clock.monotonicMs()
    this.#slowdownsSeen = this.gateways.slowdowns
    try {
      await this.#askInfo(known?.symbol)
    } catch (error) {
      // Without them the run goes on as before, slower after a 429. What stops all requests stops this one too.
      if (!(error instanceof RejectedError || error instanceof UnreachableError)) throw error
    }
  }

  /** Asks for one symbol where that is wanted and possible, and for all elsewhere. */
  async #askInfo(symbol?: string): Promise<readonly SymbolInfo[]> {
    const isOne = symbol !== undefined && this.#rest.isInfoBySymbol
    const params: Query['params'] = isOne ? [['symbol', symbol]] : []
    const query: Query = {
      path: this.#rest.infoPath,
      params,
      weight: this.#rest.infoWeight,
      priority: 1e9,
      hosts: 'public',
      sizeBytesMax: INFO_BYTES_MAX,
      signal: this.#signal,
    }
    const info = await this.gateways.ask(query, ({ body }) => readInfo(body))
    this.#limitsReadMs = this.#clock.monotonicMs()
    if (info.limits.length > 0) this.#pool.stated(this.market, info.limits)
    return info.symbols.map((one) => ({ ...one, market: this.market }))
  }
}
