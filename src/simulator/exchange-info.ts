/** The answer of exchangeInfo, in a form that other clients accept. */

import type { LimitRule, SymbolOptions } from './options.ts'
import { decimalText, power } from './decimal.ts'
import { Refusal, type Parameters } from './query.ts'

const QUOTES = ['FDUSD', 'USDT', 'USDC', 'BUSD', 'TUSD', 'TRY', 'EUR', 'BTC', 'ETH', 'BNB']
const ORDER_TYPES = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
]

/** The content of the answer. */
type InfoOptions = {
  readonly symbols: readonly SymbolOptions[]
  readonly rules: readonly LimitRule[]
  /** In the requested unit. */
  readonly serverTime: string
}

/**
 * The JSON text for the requested symbols; all listed ones without `symbol` and `symbols`.
 *
 * @throws Refusal -1121 for a symbol that is not listed, -1128, -1130, -1151.
 */
export function exchangeInfoJson(options: InfoOptions, parameters: Parameters): string {
  const listed = options.symbols.filter(({ listed: isListed = true }) => isListed)
  const names = askedSymbols(parameters)
  const status = parameters.get('symbolStatus')
  const asked = names?.map((name) => {
    const found = listed.find(({ symbol }) => symbol === name)
    if (found === undefined) throw new Refusal(-1121, 'Invalid symbol.')
    return found
  })
  const shown = (asked ?? listed)
    .map((symbol) => symbolInfo(symbol, BigInt(options.serverTime)))
    .filter((info) => status === undefined || info['status'] === status)
  const head = JSON.stringify({ timezone: 'UTC' }).slice(0, -1)
  const tail = JSON.stringify({ rateLimits: options.rules, exchangeFilters: [], symbols: shown })
  return `${head},"serverTime":${options.serverTime},${tail.slice(1)}`
}

function askedSymbols(parameters: Parameters): readonly string[] | undefined {
  const one = parameters.get('symbol')
  const many = parameters.get('symbols')
  if (one !== undefined && many !== undefined)
    throw new Refusal(-1128, 'Combination of optional parameters invalid.')
  if (one !== undefined) return [one]
  if (many === undefined) return undefined
  const names = readList(many)
  if (new Set(names).size < names.length)
    throw new Refusal(-1151, 'Symbol is present multiple times in the list.')
  return names
}

function readList(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every((name) => typeof name === 'string')) return list
  } catch {
    // The same refusal as for a list of something else.
  }
  throw new Refusal(-1130, `Data sent for parameter 'symbols' is not valid.`)
}

function symbolInfo(options: SymbolOptions, serverTime: bigint): Readonly<Record<string, unknown>> {
  if (options.info !== undefined) return options.info
  const quoteAsset =
    options.quoteAsset ?? QUOTES.find((quote) => options.symbol.endsWith(quote)) ?? 'USDT'
  const base = options.symbol.slice(0, Math.max(1, options.symbol.length - quoteAsset.length))
  return {
    symbol: options.symbol,
    status: options.status ?? statusAt(options, serverTime),
    baseAsset: options.baseAsset ?? base,
    baseAssetPrecision: 8,
    quoteAsset,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ORDER_TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    pegInstructionsAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: filtersOf(options),
    // Empty since 2024-04-25; permissionSets is used instead.
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'],
  }
}

function statusAt({ delistedAt }: SymbolOptions, serverTime: bigint): string {
  const now = serverTime > 10n ** 14n ? serverTime : serverTime * 1_000n
  return delistedAt === undefined || now < delistedAt ? 'TRADING' : 'BREAK'
}

function filtersOf({ priceDecimals = 2, quantityDecimals = 5 }: SymbolOptions): readonly unknown[] {
  const tickSize = decimalText(1, priceDecimals)
  const stepSize = decimalText(1, quantityDecimals)
  const most = decimalText(9_000 * power(8 - quantityDecimals), 0)
  return [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '1000000.00000000', tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: most, stepSize },
    {
      filterType: 'NOTIONAL',
      minNotional: '5.00000000',
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 200 },
  ]
}
