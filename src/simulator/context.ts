/** The input of an endpoint, and its answer. */

import type { PageFault } from './fault.ts'
import type { ExchangeOptions, LimitRule, SymbolOptions } from './options.ts'
import type { ParameterList, Parameters } from './query.ts'
import type { TimeUnit } from './rows.ts'
import type { SbeSchema } from './sbe.ts'
import type { History, Span } from './source.ts'

/** A symbol with its history. */
export type LiveSymbol = { readonly options: SymbolOptions; readonly history: History }

/** Everything that an endpoint may use. */
export type Context = {
  readonly parameters: Parameters
  /** Raw, as signed. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly unit: TimeUnit
  /** The server's time in µs. */
  readonly now: number
  readonly options: ExchangeOptions
  readonly rules: readonly LimitRule[]
  readonly fault: PageFault | undefined
  find(symbol: string): LiveSymbol | undefined
  /** The spans of a symbol's rows that this answer omits. */
  leftOut(symbol: string): readonly Span[]
}

/** A body, and the part of a symbol that it covers. */
export type Content = {
  readonly json: string
  readonly sbe?: (schema: SbeSchema) => Uint8Array
  readonly isSettled: boolean
  readonly spoken?: { readonly symbol: string; readonly from: number; readonly to: number }
}

/** One endpoint. */
export type Endpoint = ParameterList & {
  /** Does the market-data host serve it too? */
  readonly isMarketData: boolean
  /** @throws Refusal in Binance's words. */
  answer(context: Context): Content
}
