/**
 * The exchange as a pure state machine: a request and a time in, an answer out. It keeps what a real one keeps (what
 * each address used, who is banned, which faults are still to come) and reads no clock.
 */

import { gzipSync } from 'node:zlib'
import { UsageError } from '../base/errors.ts'
import { micros, type Micros } from '../base/time.ts'
import { isArchivePath, SimArchive } from './archive.ts'
import { errorAnswer, faultAnswer, htmlAnswer, jsonAnswer, type PlainAnswer } from './answers.ts'
import type { Content, Endpoint, LiveSymbol } from './context.ts'
import { ENDPOINTS } from './endpoints.ts'
import { isTransportFault, type Fault, type TransportFault } from './fault.ts'
import { futuresEndpoints, futuresWeight } from './futures-endpoints.ts'
import { futuresHistoryIn } from './futures-history.ts'
import { FUTURES_RULES, futuresMarketOf, type FuturesPlace } from './futures-place.ts'
import { historyOf } from './history.ts'
import { Limiter } from './limits.ts'
import { RequestPools } from './request-pools.ts'
import { refusedAnswer, type Refused } from './refused.ts'
import { RequestLog } from './log.ts'
import type { ExchangeOptions, Flaky } from './options.ts'
import { PageCache, type CachedPage } from './page-cache.ts'
import { parseQuery, readUnit, Refusal } from './query.ts'
import { inSbe, wireOf } from './sbe-wire.ts'
import { FaultSchedule } from './schedule.ts'
import type { History, Span } from './source.ts'

/** A GET request as it reaches the exchange. */
export type SimRequest = {
  readonly path: string
  /** Raw, percent-encoded, without `?`. */
  readonly query: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The address whose limits it counts against. */
  readonly ip: string
}

/** The complete answer. */
export type SimResponse = {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Compressed when `content-encoding` says so. */
  readonly body: Uint8Array
  /** What happens to it on the way; for the transport. */
  readonly transport: TransportFault | undefined
}

const encoder = new TextEncoder()

type FlakyState = { readonly flaky: Flaky; asked: number }

/** A model of the exchange's public market data. */
export class Exchange {
  /** Everything that was requested, and what it used. */
  readonly log: RequestLog
  readonly #options: ExchangeOptions
  readonly #symbols: ReadonlyMap<string, LiveSymbol>
  readonly #flaky: ReadonlyMap<string, readonly FlakyState[]>
  readonly #limiter: Limiter
  readonly #faults: FaultSchedule
  readonly #cache: PageCache
  readonly #archive: SimArchive
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  readonly #futures: ReadonlyMap<string, Exchange>
  readonly #place: FuturesPlace | undefined
  /** What the futures markets received; they share limits. */
  readonly futuresLog: RequestLog

  /** @throws UsageError when a symbol occurs twice or its options are contradictory. */
  constructor(options: ExchangeOptions, place?: FuturesPlace) {
    this.#options = options
    this.#place = place
    const { seed = 1, logMax = 200_000 } = options
    const symbols = place?.options.symbols ?? options.symbols
    const makeHistory = place === undefined ? historyOf : futuresHistoryIn(place.market)
    this.#symbols = new Map(
      symbols.map((own) => [own.symbol, { options: own, history: makeHistory(own, seed) }]),
    )
    this.#endpoints =
      place === undefined ? ENDPOINTS : futuresEndpoints(place.market, place.options)
    if (this.#symbols.size < symbols.length) throw new UsageError('a symbol occurs twice')
    this.#flaky = new Map(
      symbols.map(({ symbol, flaky = [] }) => [
        symbol,
        flaky.map((entry) => ({ flaky: entry, asked: 0 })),
      ]),
    )
    this.#limiter = place?.limiter ?? new Limiter(options.limits ?? {})
    this.#faults = place?.faults ?? new FaultSchedule(options.faults ?? {})
    this.#cache = new PageCache(options.pageCacheEntries ?? 64)
    this.#archive = new SimArchive(
      options.archive ?? {},
      new Map([...this.#symbols].map(([symbol, { history }]) => [symbol, history])),
      place?.market,
    )
    this.log = place?.log ?? new RequestLog(this.#limiter, logMax)
    const { rules = FUTURES_RULES, ...futuresLimits } = options.futuresLimits ?? {}
    const limiter = new Limiter({ ...futuresLimits, rules })
    this.futuresLog = place?.log ?? new RequestLog(limiter, logMax)
    const pools = new RequestPools(options.futuresPools)
    const shared = { limiter, pools, log: this.futuresLog, faults: this.#faults }
    this.#futures = new Map(
      (place === undefined ? (['um', 'cm'] as const) : []).flatMap((market) => {
        const own = options[market]
        const there = { market, ...shared }
        return own === undefined
          ? []
          : [[market, new Exchange(options, { ...there, options: own })] as const]
      }),
    )
  }

  /** A futures market of the exchange. @throws UsageError when it serves none of this name */
  market(name: 'um' | 'cm'): Exchange {
    const market = this.#futures.get(name)
    if (market !== undefined) return market
    throw new UsageError(`the exchange serves no ${name}`)
  }

  /** The market that a request is for; `undefined` for spot. */
  #futuresOf(request: SimRequest): Exchange | undefined {
    const isFile = isArchivePath(request.path, request.query)
    const name = futuresMarketOf({ ...request, isFile }, this.#options)
    return name === undefined ? undefined : this.#futures.get(name)
  }

  /** The server's clock when the given one shows `now`. */
  serverTime(now: Micros): Micros {
    return micros(now + BigInt(this.#options.clockSkewMs ?? 0) * 1000n)
  }

  /** The history of a symbol, for comparison; see `truth.ts`. */
  historyOf(symbol: string): History {
    const found = this.#symbols.get(symbol)
    if (found !== undefined) return found.history
    throw new UsageError(`no such symbol: ${symbol}`)
  }

  /** Answers a request that arrives when the given clock shows `nowMicros`. */
  handle(request: SimRequest, nowMicros: Micros): SimResponse {
    const futures = this.#futuresOf(request)
    if (futures !== undefined) return futures.handle(request, nowMicros)
    const now = this.serverTime(nowMicros)
    const { path, query, ip } = request
    if (isArchivePath(path, query)) return this.#archived(request, now)
    const weight =
      this.#place !== undefined
        ? futuresWeight(path, query, this.#place.market)
        : this.#limiter.weightOf(path, now)
    const passed = this.#limiter.arrive(ip, weight, now)
    const admission = this.#place?.pools.admit(request, passed, now, this.#limiter) ?? passed
    const host = request.headers['host'] ?? ''
    const isIn = admission.kind === 'pass'
    const fault = isIn ? this.#faults.next({ path, query, host }) : undefined
    const wire = wireOf(request.headers, this.#options.sbe)
    const plain = isIn ? this.#page(request, now, fault) : this.#turnAway(admission, now)
    const page = inSbe(plain, wire)
    const headers = {
      ...page.answer.headers,
      date: new Date(Number(now / 1000n)).toUTCString(),
      ...(page.answer.status === 403 ? {} : this.#limiter.headers(ip, now)),
    }
    const status = page.answer.status
    const refusal = isIn ? undefined : admission.kind
    this.log.add({ at: now, ip, host, path, query, weight, status, refusal, fault: fault?.kind })
    const transport = isTransportFault(fault) ? fault : undefined
    // A truncated body is most dangerous when only its own syntax shows it.
    if (!isGzipWelcome(request) || transport?.kind === 'closeDelimitedCut')
      return { status, headers, body: page.body, transport }
    const body = page.gzip()
    return { status, headers: { ...headers, 'content-encoding': 'gzip' }, body, transport }
  }

  /** The archive's hosts have no limits and compress nothing. */
  #archived(request: SimRequest, now: Micros): SimResponse {
    const { path, query, ip } = request
    const host = request.headers['host'] ?? ''
    const fault = this.#faults.next({ path, query, host })
    const transport = isTransportFault(fault) ? fault : undefined
    const refused = transport === undefined ? this.#faulted(ip, now, fault) : undefined
    const { status, headers, body } =
      refused === undefined
        ? this.#archive.answer(request, now)
        : { ...refused, body: encoder.encode(refused.body) }
    const played = fault?.kind
    this.log.add({
      at: now,
      ip,
      host,
      path,
      query,
      weight: 0,
      status,
      refusal: undefined,
      fault: played,
    })
    const date = new Date(Number(now / 1000n)).toUTCString()
    return { status, headers: { ...headers, date }, body, transport }
  }

  #page(request: SimRequest, now: Micros, fault: Fault | undefined): CachedPage {
    const key = `${request.path}?${request.query} ${request.headers['x-mbx-time-unit'] ?? ''}`
    const isTrue = fault === undefined || isTransportFault(fault)
    const known = isTrue ? this.#cache.get(key) : undefined
    if (known !== undefined) return known
    const { answer, isSettled } = this.#answer(request, now, fault)
    const page = ready(answer)
    if (isTrue && isSettled) this.#cache.set(key, page)
    return page
  }

  #answer(
    request: SimRequest,
    now: Micros,
    fault: Fault | undefined,
  ): { readonly answer: PlainAnswer; readonly isSettled: boolean } {
    const refused = this.#faulted(request.ip, now, fault)
    if (refused !== undefined) return { answer: refused, isSettled: false }
    try {
      const endpoint = this.#endpointOf(request)
      if (endpoint === undefined) return { answer: htmlAnswer(404), isSettled: false }
      const content = this.#content(endpoint, request, { now, fault })
      return { answer: jsonAnswer(content.json, content.sbe), isSettled: content.isSettled }
    } catch (error) {
      if (error instanceof Refusal) return { answer: errorAnswer(error), isSettled: false }
      throw error
    }
  }

  /** The answer of a fault that replaces the real one completely. */
  #faulted(ip: string, now: Micros, fault: Fault | undefined): PlainAnswer | undefined {
    if (fault === undefined || fault.kind === 'page' || isTransportFault(fault)) return undefined
    switch (fault.kind) {
      case 'limited': {
        const retryAfterMs = this.#limiter.limit(ip, fault.seconds, now)
        const [rule] = this.#limiter.rulesAt(now)
        return rule && this.#turnAway({ kind: 'limited', retryAfterMs, rule }, now).answer
      }
      case 'banned': {
        const until = this.#limiter.ban(ip, fault.seconds, now)
        const retryAfterMs = Number(until - now) / 1000
        return this.#turnAway({ kind: 'banned', retryAfterMs, until }, now).answer
      }
      case 'blocked':
        if (fault.seconds !== undefined) this.#limiter.block(ip, fault.seconds, now)
        return htmlAnswer(403)
      case 'region':
      case 'status':
      case 'error':
      case 'body':
      case 'redirect':
        return faultAnswer(fault)
    }
  }

  #endpointOf({ path, headers }: SimRequest): Endpoint | undefined {
    const endpoint = this.#endpoints.get(path)
    if (endpoint === undefined) return undefined
    if (this.#options.marketDataOnly === true && !endpoint.isMarketData) return undefined
    const { refusal } = wireOf(headers, this.#options.sbe)
    if (refusal !== undefined) throw refusal
    return endpoint
  }

  #content(
    endpoint: Endpoint,
    request: SimRequest,
    { now, fault }: { readonly now: Micros; readonly fault: Fault | undefined },
  ): Content {
    const content = endpoint.answer({
      parameters: parseQuery(request.query, endpoint),
      query: request.query,
      headers: request.headers,
      unit: readUnit(request.headers['x-mbx-time-unit']),
      now: Number(now),
      options: this.#options,
      rules: this.#limiter.rulesAt(now),
      fault: fault?.kind === 'page' ? fault : undefined,
      find: (symbol) => this.#symbols.get(symbol),
      leftOut: (symbol) => this.#leftOut(symbol),
    })
    const { spoken } = content
    if (spoken === undefined) return content
    for (const state of this.#flaky.get(spoken.symbol) ?? []) {
      const { from, to } = state.flaky.window
      if (spoken.from < to && spoken.to >= from) state.asked++
    }
    return { ...content, isSettled: content.isSettled && this.#isSteady(spoken.symbol) }
  }

  #turnAway(admission: Refused, now: Micros): CachedPage {
    return ready(refusedAnswer(admission, now, this.#options.limits?.retryAfter))
  }

  #leftOut(symbol: string): readonly Span[] {
    return (this.#flaky.get(symbol) ?? [])
      .filter(({ flaky, asked }) => asked < flaky.times)
      .map(({ flaky }) => ({ from: Number(flaky.window.from), to: Number(flaky.window.to) }))
  }

  /** Will past rows stay unchanged? */
  #isSteady(symbol: string): boolean {
    const { flaky, revisions, settleMs } = this.#symbols.get(symbol)?.options ?? {}
    return flaky === undefined && revisions === undefined && settleMs === undefined
  }
}

function isGzipWelcome({ headers }: SimRequest): boolean {
  return /\bgzip\b/.test(headers['accept-encoding'] ?? '')
}

/** An answer as bytes; compressed at most once, on first use. */
function ready(answer: PlainAnswer): CachedPage {
  const body = encoder.encode(answer.body)
  let gzipped: Uint8Array | undefined
  return { answer, body, gzip: () => (gzipped ??= gzipSync(body, { level: 1 })) }
}
