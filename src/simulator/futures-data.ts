/** Samples of positions, takers and the basis: labels of a period, made from the label alone, for 30 days. */

import { intervalStep, parseInterval, type Interval } from '../binance/interval.ts'
import type { Context, Endpoint } from './context.ts'
import { decimalText } from './decimal.ts'
import type { FuturesHistory } from './futures-history.ts'
import { mix, seedOf } from './hash.ts'
import type { FuturesOptions, Sample } from './options.ts'
import { readLong, Refusal } from './query.ts'

const PERIODS = ['5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d']
const REACH_MS = 30 * 86_400e3
const LIMIT_DEFAULT = 30
const LIMIT_MAX = 500

/** The values of each dataset, by market where they differ; and what must be asked by. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'um openInterestHist': ['sumOpenInterest', 'sumOpenInterestValue', 'CMCCirculatingSupply'],
  'cm openInterestHist': ['sumOpenInterest', 'sumOpenInterestValue'],
  'um takerlongshortRatio': ['buySellRatio', 'sellVol', 'buyVol'],
  'cm takerBuySellVol': ['takerBuyVol', 'takerSellVol', 'takerBuyVolValue', 'takerSellVolValue'],
  topLongShortAccountRatio: ['longAccount', 'longShortRatio', 'shortAccount'],
  'cm topLongShortPositionRatio': ['longPosition', 'longShortRatio', 'shortPosition'],
  topLongShortPositionRatio: ['longAccount', 'longShortRatio', 'shortAccount'],
  globalLongShortAccountRatio: ['longAccount', 'longShortRatio', 'shortAccount'],
  basis: ['indexPrice', 'basisRate', 'futuresPrice', 'annualizedBasisRate', 'basis'],
}
const OF_CONTRACT = new Set(['cm openInterestHist', 'cm takerBuySellVol', 'um basis', 'cm basis'])

/** Finds the symbol that a request is about. */
type Find = (
  context: Context,
  subject: 'symbol' | 'pair',
) => { readonly symbol: string; readonly history: FuturesHistory }

/** The endpoints of a market by their paths. */
export function dataEndpoints(
  market: 'um' | 'cm',
  options: FuturesOptions,
  find: Find,
): readonly (readonly [path: string, endpoint: Endpoint])[] {
  return Object.keys(FIELDS).flatMap((key) => {
    const [first = '', second] = key.split(' ')
    if (second !== undefined && first !== market) return []
    const name = second ?? first
    if (second === undefined && Object.hasOwn(FIELDS, `${market} ${name}`)) return []
    return [[`/futures/data/${name}`, endpoint({ market, name, options, find })] as const]
  })
}

type Place = {
  readonly market: 'um' | 'cm'
  readonly name: string
  readonly options: FuturesOptions
  readonly find: Find
}

function endpoint({ market, name, options, find }: Place): Endpoint {
  const isOfContract = OF_CONTRACT.has(`${market} ${name}`)
  const subject = market === 'um' && name !== 'basis' ? 'symbol' : 'pair'
  return {
    mandatory: [subject, 'period', ...(isOfContract ? ['contractType'] : [])],
    optional: ['startTime', 'endTime', 'limit'],
    isMarketData: true,
    answer: (context) => {
      const { symbol } = find(context, subject)
      const period = parseInterval(context.parameters.get('period') ?? '')
      if (period === undefined || !PERIODS.includes(period)) throw invalid('period')
      const { limit, from, to } = windowOf(context, options)
      const own = options.symbols.find((one) => one.symbol === symbol)
      const { listedAt = 0n, delistedAt = Infinity, data } = own ?? {}
      const isSent = sentWhere({ listedAt, delistedAt, without: context.leftOut(symbol) })
      const all =
        data === undefined ? samples({ market, name, symbol }, period, { from, to }) : data[name]
      const rows = (all ?? []).filter(({ timestamp }) => {
        const time = Number(timestamp) * 1000
        return time >= from && time <= to && isSent(time)
      })
      const named = {
        [subject]: context.parameters.get(subject),
        ...(isOfContract && { contractType: context.parameters.get('contractType') }),
      }
      // Of more rows than asked for, which ones come is not documented.
      const texts = rows
        .slice(-limit)
        .map((row) => JSON.stringify({ ...(name !== 'takerlongshortRatio' && named), ...row }))
      if (options.dataOrder === 'newestFirst') texts.reverse()
      return { json: `[${texts.join(',')}]`, isSettled: false, spoken: { symbol, from, to } }
    },
  }
}

function invalid(name: string): Refusal {
  return new Refusal(-1130, `parameter '${name}' is invalid.`)
}

function sentWhere({
  listedAt,
  delistedAt,
  without,
}: {
  readonly listedAt: bigint
  readonly delistedAt: bigint | number
  readonly without: ReturnType<Context['leftOut']>
}): (time: number) => boolean {
  return (time) =>
    time >= Number(listedAt) &&
    time < Number(delistedAt) &&
    !without.some((span) => time >= span.from && time < span.to)
}

function windowOf(
  { parameters, now }: Context,
  { dataReachMs = REACH_MS }: FuturesOptions,
): { limit: number; from: number; to: number } {
  const limit = Number(readLong(parameters, 'limit') ?? LIMIT_DEFAULT)
  if (limit < 1 || limit > LIMIT_MAX) throw invalid('limit')
  const [start, end] = ['startTime', 'endTime'].map((name) => readLong(parameters, name))
  const oldest = now - dataReachMs * 1000
  if (start !== undefined && Number(start) * 1000 < oldest) throw invalid('startTime')
  return {
    limit,
    from: start === undefined ? oldest : Number(start) * 1000,
    to: Math.min(now, end === undefined ? now : Number(end) * 1000),
  }
}

/** The rows of a window in µs, both ends inclusive; the last label may be of a period that is not over. */
export function samples(
  {
    market,
    name,
    symbol,
  }: { readonly market: string; readonly name: string; readonly symbol: string },
  period: Interval,
  { from, to }: { readonly from: number; readonly to: number },
): readonly Sample[] {
  const step = Number(intervalStep(period)) / 1000
  const fields = FIELDS[`${market} ${name}`] ?? FIELDS[name] ?? []
  const rows: Sample[] = []
  for (let ms = Math.ceil(from / 1000 / step) * step; ms <= to / 1000; ms += step) {
    const values = fields.map((field) => [field, valueOf(`${symbol} ${period} ${field}`, ms)])
    rows.push({ ...(Object.fromEntries(values) as Sample), timestamp: ms })
  }
  return rows
}

const DATED = /^\S+_\d{6} /

/** The basis may be negative, and perpetual contracts have none of a year. */
function valueOf(what: string, ms: number): string {
  if (what.endsWith('annualizedBasisRate') && !DATED.test(what)) return ''
  const value = decimalText((mix(seedOf(what, 1), Math.floor(ms / 1000)) >>> 0) % 1e9, 4)
  return what.includes(' basis') && ms % 600_000 === 0 ? `-${value}` : value
}
