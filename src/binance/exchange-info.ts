/** The answer to exchangeInfo of each market, as far as it is needed here. */

import { TransportError } from '../base/errors.ts'
import { fromMillis, type Micros } from '../base/time.ts'
import { isOfType } from './contract.ts'
import { parseRateLimits } from './limit.ts'
import { datasetOf } from './market.ts'
import type { Market, SeriesKey } from './series.ts'

/** One symbol. */
export type SymbolInfo = {
  /** Default spot. */
  readonly market?: Market
  readonly symbol: string
  readonly status: string
  readonly baseAsset: string
  readonly quoteAsset: string
  /** Does only the archive know it? Its {@link DELISTED} is not a status of the exchange. */
  readonly isArchived?: true
  /** Of futures. */
  readonly contract?: ContractInfo
  /** The first month and the last of its klines in the archive, where it was asked for them. */
  readonly months?: { readonly first: string; readonly last: string } | undefined
}

/** What a contract is, by exchangeInfo. */
export type ContractInfo = {
  readonly pair: string
  /** `PERPETUAL`, `CURRENT_QUARTER` and the like; empty before it is traded. */
  readonly type: string
  /** Where it ends; absent while no end is planned. */
  readonly end?: Micros
  /** When it began, as far as that is true: wrong for many, and so never a reason not to ask. */
  readonly onboard?: Micros
}

/** The symbols that rows of a series are of: one, or the contracts of its pair that are of its type. */
export function symbolsAbout(
  key: SeriesKey,
  symbols: readonly SymbolInfo[],
): readonly SymbolInfo[] {
  const { symbol, contract: type } = key
  if (datasetOf(key).subject !== 'pair') return symbols.filter((info) => info.symbol === symbol)
  return symbols.filter(
    ({ contract }) =>
      contract?.pair === symbol && (type === undefined || isOfType(contract.type, type)),
  )
}

/** The status of a symbol that exchangeInfo does not list any more, and the archive does. */
export const DELISTED = 'DELISTED'

/** Limits and symbols. */
export type Info = { limits: ReturnType<typeof parseRateLimits>; symbols: readonly SymbolInfo[] }

/** Reads an answer. @throws TransportError when it is not one */
export function readInfo(body: Uint8Array): Info {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new TransportError('exchangeInfo: not JSON', { cause })
  }
  const { rateLimits, symbols } = (value ?? {}) as { rateLimits?: unknown; symbols?: unknown }
  if (!Array.isArray(symbols)) throw new TransportError('exchangeInfo: no symbols')
  return { limits: parseRateLimits(rateLimits), symbols: symbols.flatMap(readSymbol) }
}

function readSymbol(value: unknown): SymbolInfo[] {
  const entry = (value ?? {}) as Record<string, unknown>
  const { symbol, baseAsset, quoteAsset } = entry
  // COIN-M has another name for it.
  const status = entry['status'] ?? entry['contractStatus']
  if (typeof symbol !== 'string' || typeof status !== 'string') return []
  if (typeof baseAsset !== 'string' || typeof quoteAsset !== 'string') return []
  const contract = readContract(entry)
  return [
    {
      symbol: nfc(symbol),
      status,
      baseAsset: nfc(baseAsset),
      quoteAsset: nfc(quoteAsset),
      ...(contract !== undefined && { contract }),
    },
  ]
}

/** A perpetual that no end is planned for is delivered in 2100-12-25. */
const NEVER_MS = 4_133_404_800_000

function readContract({
  pair,
  contractType: type,
  deliveryDate,
  onboardDate,
}: Record<string, unknown>): ContractInfo | undefined {
  if (typeof pair !== 'string' || typeof type !== 'string') return undefined
  const [end, onboard] = [momentOf(deliveryDate), momentOf(onboardDate)]
  return {
    ...{ pair: nfc(pair), type },
    ...(end !== undefined && { end }),
    ...(onboard !== undefined && { onboard }),
  }
}

function momentOf(ms: unknown): Micros | undefined {
  const isOne = typeof ms === 'number' && Number.isSafeInteger(ms) && ms > 0 && ms < NEVER_MS
  return isOne ? fromMillis(ms) : undefined
}

function nfc(text: string): string {
  return text.normalize('NFC')
}
