/** What an endpoint is asked with, and what it answers. */

import type { PageFault } from './fault.ts'
import type { ExchangeOptions, LimitRule, SymbolOptions } from './options.ts'
import type { ParameterList, Parameters } from './query.ts'
import type { TimeUnit } from './rows.ts'
import type { SbeSchema } from './sbe.ts'
import type { History, Span } from './source.ts'

/** A symbol that answers. */
export type LiveSymbol = { readonly options: SymbolOptions; readonly history: History }

/** Everything that an endpoint may look at. */
export type Context = {
  readonly parameters: Parameters
  /** Raw, as it was signed. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly unit: TimeUnit
  /** The server's time in µs. */
  readonly now: number
  readonly options: ExchangeOptions
  readonly rules: readonly LimitRule[]
  readonly fault: PageFault | undefined
  find(symbol: string): LiveSymbol | undefined
  /** The spans that this answer leaves out of a symbol's rows. */
  leftOut(symbol: string): readonly Span[]
}

/** A body, and what of a symbol it speaks for. */
export type Content = {
  readonly json: string
  readonly sbe?: (schema: SbeSchema) => Uint8Array
  readonly isSettled: boolean
  readonly spoken?: { readonly symbol: string; readonly from: number; readonly to: number }
}

/** One endpoint. */
export type Endpoint = ParameterList & {
  /** Served by the market-data host too? */
  readonly isMarketData: boolean
  /** @throws Refusal in Binance's words. */
  answer(context: Context): Content
}
