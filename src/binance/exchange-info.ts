/** The answer to `/api/v3/exchangeInfo`, as far as it is needed here. */

import { TransportError } from '../base/errors.ts'
import { parseRateLimits } from './limit.ts'

/** One symbol. */
export type SymbolInfo = {
  readonly symbol: string
  readonly status: string
  readonly baseAsset: string
  readonly quoteAsset: string
  /** Does only the archive know it? Its {@link DELISTED} is not a status of the exchange. */
  readonly isArchived?: true
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
  const { symbol, status, baseAsset, quoteAsset } = entry
  if (typeof symbol !== 'string' || typeof status !== 'string') return []
  if (typeof baseAsset !== 'string' || typeof quoteAsset !== 'string') return []
  const nfc = (text: string): string => text.normalize('NFC')
  return [{ symbol: nfc(symbol), status, baseAsset: nfc(baseAsset), quoteAsset: nfc(quoteAsset) }]
}
