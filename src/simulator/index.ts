/**
 * A simulator of the exchange: a model of Binance's public spot market data over REST, for `simulate`, tests and
 * benchmarks.
 *
 * On sockets:    startSimulator({ exchange?, replay?, port?, clock?, latencyMs? }) → Promise<{ url, port, exchange, log, close() }>
 * Without:       inMemoryHttp(exchange, clock, { latencyMs?, ip? }) → Http       (clock: now() and sleep(ms, signal?))
 * The model:     new Exchange(options: ExchangeOptions)
 *                  .handle({ path, query, headers, ip }, now: Micros) → { status, headers, body, transport }
 *                  .serverTime(now) → Micros    .historyOf(symbol) → History    .log: RequestLog
 * What was seen: log.entries, .count, .weight, .refusals {limited, banned, blocked}, .faults {kind: n},
 *                  .windows(), .maxUsage(type?), .overLimit()
 * The truth:     trueKlines(exchange, { symbol, interval, window, now, dataset? }) → Kline[]
 *                  trueAggTrades / trueTrades / trueBlockTrades(exchange, { symbol, window, now }) → Generator
 * Ready made:    quickstartExchange() → ExchangeOptions; QUICKSTART_WINDOW, _BUSY_DAY, _OUTAGE, _WIDE_SYMBOL
 *                  replayOptions(directory) → Promise<ExchangeOptions>
 *
 * The archive:   served with REST, at `/data/...` and `/?prefix=`: its options are in `archive-options.ts`.
 *                  zipOf(entries) makes zips, also invalid ones
 *
 * The exchange's options are in `options.ts`, possible faults in `fault.ts`. SBE is used where it is requested; signed
 * endpoints serve the accounts given in the options.
 */

export type { ArchiveFault, ArchiveOptions, ArchiveRule } from './archive-options.ts'
export { zipOf, type ZipEntry } from './archive-zip.ts'
export type { Fault, FaultOptions, TransportFault } from './fault.ts'
export { inMemoryHttp } from './memory.ts'
export { Exchange } from './model.ts'
export type { ExchangeOptions, LimitOptions, LimitRule, SymbolOptions } from './options.ts'
export {
  QUICKSTART_BUSY_DAY,
  QUICKSTART_KEY,
  QUICKSTART_OUTAGE,
  QUICKSTART_WIDE_SYMBOL,
  QUICKSTART_WINDOW,
  quickstartExchange,
} from './quickstart.ts'
export { replayOptions } from './replay.ts'
export type { AggTrade, Kline } from './rows.ts'
export { startSimulator } from './server.ts'
export type { Simulator, SimulatorOptions } from './server.ts'
export {
  trueAggTrades,
  trueBlockTrades,
  trueFunding,
  trueKlines,
  truePrices,
  trueTrades,
} from './truth.ts'
