/** An account's own trades, orders and income on the futures markets: signed, by windows of days, for three months. */

import { expect, test, vi } from 'vitest'
import { formatMicros, fromMillis, micros } from '../../src/base/time.ts'
import type { DatasetKind } from '../../src/binance/dataset.ts'
import { datasetOf } from '../../src/binance/market.ts'
import { parseJob } from '../../src/job/parse.ts'
import { status } from '../../src/query/status.ts'
import { decodePage } from '../../src/rows/scan.ts'
import type { FuturesAccount, FuturesRow } from '../../src/simulator/account-rows.ts'
import type { ExchangeOptions } from '../../src/simulator/index.ts'
import type { FuturesOptions } from '../../src/simulator/options.ts'
import { accountOf } from '../support/accounts.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { rowTexts, utf8 } from '../support/rows-pages.ts'

const DAY_MS = 86_400_000
const SYMBOLS = { um: 'BTCUSDT', cm: 'BTCUSD_PERP' }
const SUBJECTS = {
  userTrades: SYMBOLS,
  allOrders: SYMBOLS,
  income: { um: 'COMMISSION', cm: 'FUNDING_FEE' },
}
type Kind = keyof typeof SUBJECTS
type Market = 'um' | 'cm'

function exchangeWith(
  futures: { um?: FuturesAccount; cm?: FuturesAccount } = {},
  more: Partial<FuturesOptions> = {},
  rest: Partial<ExchangeOptions> = {},
): ExchangeOptions {
  const { account, credentials } = accountOf('hmac', { futures })
  vi.stubEnv('BINANCE_API_KEY', account.apiKey)
  vi.stubEnv('BINANCE_API_SECRET', credentials.key.reveal())
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
  return {
    symbols: [{ symbol: 'BTCUSDT' }],
    um: { symbols: [{ symbol: SYMBOLS.um }], ...more },
    cm: { symbols: [{ symbol: SYMBOLS.cm }], ...more },
    accounts: [account],
    ...rest,
  }
}

async function world(exchange: ExchangeOptions, dataDir?: string) {
  const simulator = await serve({ exchange })
  const { url } = simulator
  return {
    simulator,
    options: { dataDir: dataDir ?? (await tempDir()), baseUrls: [`um=${url}`, `cm=${url}`] },
  }
}

const ago = (days: number): number => Math.floor(Date.now() / DAY_MS - days) * DAY_MS
const text = (ms: number): string => new Date(ms).toISOString()

function job(market: Market, kind: Kind, from: string, to = 'now'): string {
  return `{version: 1, market: ${market}, symbols: [${SUBJECTS[kind][market]}], from: ${from}, to: ${to}, numbers: string, datasets: [{kind: ${kind}}]}`
}

function trade(id: number, time: number): FuturesRow {
  return {
    ...{ symbol: 'BTCUSDT', id, orderId: id, side: 'BUY', price: '7819.01', qty: '0.002' },
    ...{
      realizedPnl: '-0.91539999',
      quoteQty: '15.63802',
      baseQty: '0.5',
      commission: '-0.0781901',
    },
    ...{ commissionAsset: 'USDT', time, positionSide: 'SHORT', buyer: true, maker: false },
  }
}

function order(orderId: number, time: number, more: FuturesRow = {}): FuturesRow {
  return {
    ...{ avgPrice: '0.00000', clientOrderId: 'abc', cumQuote: '0', cumBase: '0', executedQty: '0' },
    ...{
      orderId,
      origQty: '0.40',
      origType: 'TRAILING_STOP_MARKET',
      price: '0',
      reduceOnly: false,
    },
    ...{ side: 'BUY', positionSide: 'SHORT', status: 'FILLED', stopPrice: '9300' },
    ...{ closePosition: false, symbol: 'BTCUSDT', time, timeInForce: 'GTC', type: 'LIMIT' },
    ...{ activatePrice: '9020', priceRate: '0.3', updateTime: time, workingType: 'MARK_PRICE' },
    ...{ priceProtect: false, priceMatch: 'NONE', goodTillDate: 0, ...more },
  }
}

function transaction(tranId: number | string, time: number, incomeType: string): FuturesRow {
  return {
    ...{ symbol: '', incomeType, income: '-0.37500000', asset: 'USDT', info: 'x' },
    ...{ time, tranId, tradeId: '' },
  }
}

const ROWS: Readonly<Record<Kind, (id: number, time: number, market: Market) => FuturesRow>> = {
  userTrades: trade,
  allOrders: (id, time) => order(id, time),
  income: (id, time, market) =>
    transaction(market === 'cm' ? String(id) : id, time, SUBJECTS.income[market]),
}
const IDS: Readonly<Record<Kind, string>> = {
  userTrades: 'id',
  allOrders: 'orderId',
  income: 'tranId',
}

/** Bursts, days without rows, and ids that do not follow the times. */
function history(kind: Kind, market: Market, from: number, to: number): readonly FuturesRow[] {
  const rows: FuturesRow[] = []
  for (let time = from, place = 0; time < to; place++) {
    const id = 1_000 + place * 7 + (kind === 'income' ? ((place * 37) % 11) * 10_000 : 0)
    rows.push(ROWS[kind](id, time, market))
    time += [0, 0, 1, 60_000, 7 * 3_600_000, 3 * DAY_MS][place % 6]!
  }
  return rows
}

function accountWith(kind: Kind, market: Market, rows: readonly FuturesRow[]) {
  const others = { userTrades: {}, allOrders: {}, income: [] }
  const own = kind === 'income' ? rows : { [SYMBOLS[market]]: rows }
  return { [market]: { ...others, [kind]: own } }
}

async function storedIds(dataDir: string, market: Market, kind: Kind): Promise<string[]> {
  const { key } = datasetOf({ market, dataset: kind })
  const path = `${market}/account=mine/${kind}/symbol=${SUBJECTS[kind][market]}`
  const rows = await query(
    `SELECT ${key}::VARCHAR AS id FROM ${parquet(dataDir, path)} ORDER BY ${key}`,
  )
  return rows.map(({ id }) => String(id))
}

const idsOf = (kind: Kind, rows: readonly FuturesRow[]): string[] =>
  rows.map((row) => String(row[IDS[kind]])).sort((a, b) => Number(a) - Number(b))

const ALL = (['um', 'cm'] as const).flatMap((market) =>
  (['userTrades', 'allOrders', 'income'] as const).map((kind) => [market, kind] as const),
)

test.each(ALL)('%s %s: every row once, from either end of a window', async (market, kind) => {
  const rows = history(kind, market, ago(80), ago(1))
  const caps = { pageRows: 25 }
  for (const accountRows of ['oldest', 'newest'] as const) {
    const exchange = exchangeWith(accountWith(kind, market, rows), { accountRows }, caps)
    const { simulator, options } = await world(exchange)
    const { summary, error } = await run(job(market, kind, text(ago(85))), options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: rows.length })
    expect(await storedIds(options.dataDir, market, kind)).toEqual(idsOf(kind, rows))
    const { entries } = simulator.exchange.futuresLog
    expect(entries.filter(({ status: code }) => code !== 200)).toEqual([])
    const own = entries.filter(({ path }) => path.endsWith(`/${kind}`))
    expect(own.every(({ query: sent }) => /timestamp=\d{13}&signature=/.test(sent))).toBe(true)
  }
})

test('more rows than an answer holds are asked for in parts', async () => {
  const at = ago(10)
  const rows = Array.from({ length: 2_600 }, (_, place) =>
    trade(place + 1, at + Math.floor(place / 400)),
  )
  const { options } = await world(exchangeWith(accountWith('userTrades', 'um', rows)))
  const { summary } = await run(job('um', 'userTrades', text(ago(20))), options)
  expect(summary).toMatchObject({ complete: true, rows: 2_600 })
  expect(await storedIds(options.dataDir, 'um', 'userTrades')).toEqual(idsOf('userTrades', rows))
  const burst = Array.from({ length: 1_100 }, (_, place) => trade(place + 1, at))
  const cut = await world(exchangeWith(accountWith('userTrades', 'um', burst)))
  const told = await run(job('um', 'userTrades', text(ago(20))), cut.options)
  expect(told.summary).toMatchObject({ complete: false, exit: 4 })
})

test('what is older than three months is missing and not asked for; the rest is whole', async () => {
  const rows = history('userTrades', 'um', ago(140), ago(0))
  const { simulator, options } = await world(exchangeWith(accountWith('userTrades', 'um', rows)))
  const text140 = job('um', 'userTrades', text(ago(140)))
  expect((await run(text140, options)).summary).toMatchObject({ complete: false, exit: 3 })
  const { series } = await status([parseJob(text140, 'x.yaml')], options)
  expect(series[0]?.gaps).toMatchObject([{ reason: 'unavailable-from-rest' }])
  const reachMs = Date.now() - 89 * DAY_MS + 3_600_000
  const served = rows.filter(({ time }) => Number(time) > reachMs)
  expect(await storedIds(options.dataDir, 'um', 'userTrades')).toEqual(idsOf('userTrades', served))
  const before = simulator.exchange.futuresLog.count
  expect((await run(text140, options)).summary).toMatchObject({ exit: 3, rows: 0 })
  expect(simulator.exchange.futuresLog.count - before).toBeLessThan(12)
})

test('a later run takes what is new, what changed and nothing else', async () => {
  const dataDir = await tempDir()
  const open = order(5, ago(30), { status: 'NEW' })
  const first = [order(1, ago(40)), open, order(9, ago(1))]
  const one = await world(exchangeWith(accountWith('allOrders', 'um', first)), dataDir)
  expect((await run(job('um', 'allOrders', text(ago(50))), one.options)).summary).toMatchObject({
    complete: true,
    rows: 3,
  })
  const filled = { ...open, status: 'FILLED', updateTime: ago(0) }
  const second = [order(1, ago(40)), filled, order(9, ago(1)), order(12, Date.now() - 3_600_000)]
  const two = await world(exchangeWith(accountWith('allOrders', 'um', second)), dataDir)
  const { summary } = await run(job('um', 'allOrders', text(ago(50))), two.options)
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 1 })
  const [row] = await query(
    `SELECT status, extra FROM ${parquet(dataDir, 'um/account=mine/allOrders/symbol=BTCUSDT')} WHERE order_id = 5`,
  )
  expect(row).toEqual({
    status: 'FILLED',
    extra: '{"cumBase":"0","priceMatch":"NONE","goodTillDate":0}',
  })
  // The windows of two days and of the order, not those of fifty days.
  const asked = two.simulator.exchange.futuresLog.entries.filter(({ path }) =>
    path.endsWith('allOrders'),
  )
  expect(asked.length).toBeLessThan(8)
})

test('an account without any row is not believed to be empty, one that was quiet is', async () => {
  const none = await world(exchangeWith(accountWith('userTrades', 'um', [])))
  expect((await run(job('um', 'userTrades', text(ago(30))), none.options)).summary).toMatchObject({
    complete: false,
    exit: 3,
  })
  const quiet = await world(exchangeWith(accountWith('userTrades', 'um', [trade(7, ago(20))])))
  const told = await run(job('um', 'userTrades', text(ago(30))), quiet.options)
  expect(told.summary).toMatchObject({ complete: true, exit: 0, rows: 1 })
  const before = await contents(quiet.options.dataDir)
  const past = job('um', 'userTrades', text(ago(30)), text(ago(10)))
  expect((await run(past, quiet.options)).summary).toMatchObject({ complete: true, rows: 0 })
  expect(await contents(quiet.options.dataDir)).toEqual(before)
})

/** Rows of the derivatives documentation, and of its change log of 2026-08-07. */
const DOCUMENTED: readonly (readonly [Market, Kind, FuturesRow])[] = [
  [
    'um',
    'userTrades',
    {
      ...{ buyer: false, commission: '-0.07819010', commissionAsset: 'USDT', id: 698759 },
      ...{ maker: false, orderId: 25851813, price: '7819.01', qty: '0.002', quoteQty: '15.63802' },
      ...{ realizedPnl: '-0.91539999', side: 'SELL', positionSide: 'SHORT', symbol: 'BTCUSDT' },
      ...{ time: 1569514978020, pair: 'BTCUSDT', baseQty: '0.002', marginAsset: 'USDT' },
    },
  ],
  [
    'cm',
    'userTrades',
    {
      ...{
        symbol: 'BTCUSD_200626',
        id: 6,
        orderId: 28,
        pair: 'BTCUSD',
        side: 'SELL',
        price: '8800',
      },
      ...{ qty: '1', realizedPnl: '0', marginAsset: 'BTC', baseQty: '0.01136364' },
      ...{ commission: '0.00000454', commissionAsset: 'BTC', time: 1590743483586 },
      ...{ positionSide: 'BOTH', buyer: false, maker: false },
    },
  ],
  ['um', 'allOrders', order(1917641, 1579276756075, { pair: 'BTCUSDT', marginAsset: 'USDT' })],
  ['cm', 'allOrders', order(1917641, 1579276756075, { pair: 'BTCUSD' })],
  ['um', 'income', transaction(9689322392, 1570608000000, 'TRANSFER')],
  ['cm', 'income', transaction('9689322392', 1570608000000, 'TRANSFER')],
]

test.each(DOCUMENTED)('%s %s: documented rows, value for value', (market, kind, row) => {
  const facts = datasetOf({ market, dataset: kind })
  const page = decodePage(facts, 'string', utf8(JSON.stringify([row])), 'ms')
  expect(page.unknownFields.filter(({ isKept }) => !isKept)).toEqual([])
  const [texts = {}] = rowTexts(facts, page.batch)
  for (const { name, json, type } of facts.columns) {
    const sent = row[json]
    const value = type === 'time' ? formatMicros(fromMillis(Number(sent))) : String(sent)
    if (type !== 'extra') expect(texts[name], name).toBe(sent === undefined ? 'null' : value)
  }
  const stored = new Set([...facts.columns.map(({ json }) => json), ...facts.ignored])
  const others = Object.fromEntries(Object.entries(row).filter(([name]) => !stored.has(name)))
  expect(JSON.parse(texts['extra'] ?? '{}')).toEqual(others)
  for (const numbers of ['decimal', 'float64'] as const)
    expect(decodePage(facts, numbers, utf8(JSON.stringify([row])), 'ms').rowCount).toBe(1)
})

test('income of one type is one series; ids may be long, and texts', () => {
  const um = datasetOf({ market: 'um', dataset: 'income' })
  for (const tranId of ['4480321991774044580', '"4480321991774044580"']) {
    const json = `[{"symbol":"","incomeType":"TRANSFER","income":"-0.375","asset":"USDT","info":"TRANSFER","time":1570608000000,"tranId":${tranId},"tradeId":""}]`
    const page = decodePage(um, 'string', utf8(json), 'ms')
    expect(page.unknownFields).toEqual([])
    expect([...page.keys]).toEqual([4480321991774044580n])
    expect([...page.times]).toEqual([micros(1570608000000000n)])
    expect(rowTexts(um, page.batch)[0]).toMatchObject({
      income_type: 'TRANSFER',
      income: '-0.375',
      symbol: '',
    })
  }
})

test.each([
  ['um', '{kind: income}', '"BTCUSDT" is no type of income'],
  ['um', '{kind: income, symbols: [FUNDINGFEE]}', 'did you mean "FUNDING_FEE"'],
  ['um', '{kind: userTrades, symbols: {quote: USDT}}', 'need a list of symbols'],
  ['um', '{kind: allOrders, from: listing}', 'served for 89 days'],
  ['um', '{kind: userTrades, source: archive}', 'not published in the archive'],
  ['um', '{kind: myTrades}', 'um has no myTrades'],
  ['spot', '{kind: userTrades}', 'spot has no userTrades'],
])('refused in %s: %s', (market, dataset, words) => {
  const yaml = `{version: 1, market: ${market}, symbols: [BTCUSDT], from: 2026-01-01, datasets: [${dataset}]}`
  expect(() => parseJob(yaml, 'x.yaml')).toThrow(words)
})

test('types of income are taken as they are', () => {
  const yaml =
    '{version: 1, market: um, symbols: [FUNDING_FEE, TRANSFER], from: 30d, datasets: [{kind: income}]}'
  const [dataset] = parseJob(yaml, 'x.yaml').datasets
  expect(dataset?.kind satisfies DatasetKind | undefined).toBe('income')
})
