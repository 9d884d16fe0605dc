/**
 * Samples of positions, of what takers traded, and of the basis: one a period, served for the last 30 days. There are no
 * files of them; `metrics` has some of the same numbers for longer.
 *
 * @see developers.binance.com, derivatives: "Open Interest Statistics", "Top Trader Long/Short Ratio", "Long/Short Ratio",
 * "Taker Buy/Sell Volume", "Basis" of USD-M and COIN-M; change log of 2023-10-19 (their own limit).
 */

import type { Column, ColumnType, Dataset, DatasetKind } from '../dataset.ts'
import type { ContractType } from '../contract.ts'

const CONTRACTS: readonly ContractType[] = ['PERPETUAL', 'CURRENT_QUARTER', 'NEXT_QUARTER']

const shared = {
  pageRows: 500,
  pool: 'data',
  walk: 'openTime',
  security: 'none',
  shape: 'object',
  hasInterval: true,
  intervalParameter: 'period',
  intervals: ['5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d'],
  reachDays: 30,
  key: 'timestamp',
  time: 'timestamp',
  ignored: ['symbol', 'pair', 'contractType'],
  rules: 'sample',
  partition: () => 'month',
  rowBytes: 30,
  rowsPerDay: 288,
} as const satisfies Partial<Dataset>

const um = { ...shared, weight: 0 } as const
const cm = { ...shared, weight: 1, subject: 'pair' } as const

type Value = readonly [name: string, json: string, type: ColumnType, nullable?: true]

function columns(...values: readonly Value[]): readonly Column[] {
  return [
    { name: 'timestamp', type: 'time', json: 'timestamp' },
    ...values.map(([name, json, type, nullable]): Column => ({
      name,
      type,
      json,
      ...(nullable && { nullable }),
    })),
  ]
}

const OPEN_INTEREST: readonly Value[] = [
  ['sum_open_interest', 'sumOpenInterest', 'quantity'],
  ['sum_open_interest_value', 'sumOpenInterestValue', 'quantity'],
]
const ratio: Value = ['long_short_ratio', 'longShortRatio', 'price']
const accounts = columns(
  ['long_account', 'longAccount', 'price'],
  ['short_account', 'shortAccount', 'price'],
  ratio,
)
const positionsOfPair = columns(
  ['long_position', 'longPosition', 'price'],
  ['short_position', 'shortPosition', 'price'],
  ratio,
)
const basis = columns(
  ['index_price', 'indexPrice', 'price'],
  ['futures_price', 'futuresPrice', 'price'],
  ['basis', 'basis', 'price'],
  ['basis_rate', 'basisRate', 'price'],
  // Perpetual contracts have none: an empty text.
  ['annualized_basis_rate', 'annualizedBasisRate', 'price', true],
)

const PATH = '/futures/data/'

function ratios(
  kind: DatasetKind,
): (market: typeof um | typeof cm, own: readonly Column[]) => Dataset {
  return (market, own) => ({ ...market, kind, path: `${PATH}${kind}`, columns: own })
}

const topAccounts = ratios('topLongShortAccountRatio')
const topPositions = ratios('topLongShortPositionRatio')
const allAccounts = ratios('globalLongShortAccountRatio')

/** Those of USD-M. */
export const umData = {
  openInterestHist: {
    ...um,
    kind: 'openInterestHist',
    path: `${PATH}openInterestHist`,
    columns: columns(...OPEN_INTEREST, [
      'cmc_circulating_supply',
      'CMCCirculatingSupply',
      'quantity',
      true,
    ]),
  },
  topLongShortAccountRatio: topAccounts(um, accounts),
  topLongShortPositionRatio: topPositions(um, accounts),
  globalLongShortAccountRatio: allAccounts(um, accounts),
  takerVolume: {
    ...um,
    kind: 'takerVolume',
    path: `${PATH}takerlongshortRatio`,
    columns: columns(
      ['buy_sell_ratio', 'buySellRatio', 'price'],
      ['buy_vol', 'buyVol', 'quantity'],
      ['sell_vol', 'sellVol', 'quantity'],
    ),
  },
  basis: {
    ...um,
    kind: 'basis',
    path: `${PATH}basis`,
    subject: 'pair',
    contracts: CONTRACTS,
    columns: basis,
  },
} satisfies Record<string, Dataset>

/** Those of COIN-M: by pair. Open interest is of contracts and of the coin. */
export const cmData = {
  openInterestHist: {
    ...cm,
    kind: 'openInterestHist',
    path: `${PATH}openInterestHist`,
    contracts: CONTRACTS,
    columns: columns(...OPEN_INTEREST),
  },
  topLongShortAccountRatio: topAccounts(cm, accounts),
  topLongShortPositionRatio: topPositions(cm, positionsOfPair),
  globalLongShortAccountRatio: allAccounts(cm, accounts),
  takerVolume: {
    ...cm,
    kind: 'takerVolume',
    path: `${PATH}takerBuySellVol`,
    contracts: CONTRACTS,
    columns: columns(
      ['taker_buy_vol', 'takerBuyVol', 'quantity'],
      ['taker_sell_vol', 'takerSellVol', 'quantity'],
      ['taker_buy_vol_value', 'takerBuyVolValue', 'quantity'],
      ['taker_sell_vol_value', 'takerSellVolValue', 'quantity'],
    ),
  },
  basis: { ...cm, kind: 'basis', path: `${PATH}basis`, contracts: CONTRACTS, columns: basis },
} satisfies Record<string, Dataset>
