/** Which symbols a lake holds, and from when to when: what was tradable on a day, as far as the lake knows. */

import { earliest, formatMicros, latest, micros, periodWindow, type Micros } from '../base/time.ts'
import { DELISTED } from '../binance/exchange-info.ts'
import { hasCandles } from '../binance/dataset.ts'
import { gridNext, hasKnownGrid, intervalStep } from '../binance/interval.ts'
import { datasetOf } from '../binance/market.ts'
import type { Market, SeriesKey } from '../binance/series.ts'
import type { Manifest } from '../store/manifest.ts'

/** One symbol of a lake. */
export type LakeSymbol = {
  readonly market: Market
  readonly symbol: string
  /** The time of its first row; of datasets by id, where the period of that row begins. */
  readonly first: Micros
  /**
   * The time of its last row, of klines the last moment that it spans; of datasets by id, the end of that row's period or
   * of what is covered.
   */
  readonly last: Micros
  /** `DELISTED` where a series of it is known to have ended, else `undefined`. */
  readonly status: string | undefined
}

/** Collects symbols from the manifests of their series. */
export class LakeSymbols {
  readonly #found = new Map<string, LakeSymbol>()

  take(manifest: Manifest): void {
    const span = spanOf(manifest)
    if (span === undefined) return
    const { market, symbol } = manifest.key
    const name = `${market}/${symbol}`
    const known = this.#found.get(name)
    const isOver = manifest.gaps.some(({ reason }) => reason === 'after-delisting')
    this.#found.set(name, {
      ...{ market, symbol },
      first: known === undefined ? span.first : earliest(known.first, span.first),
      last: known === undefined ? span.last : latest(known.last, span.last),
      status: isOver ? DELISTED : known?.status,
    })
  }

  /** All of them, by market and name. */
  all(): readonly LakeSymbol[] {
    return [...this.#found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, symbol]) => symbol)
  }
}

function spanOf({
  key,
  partitions,
  coverage,
}: Manifest): { readonly first: Micros; readonly last: Micros } | undefined {
  const sorted = [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))
  const [oldest, newest] = [sorted[0], sorted.at(-1)]
  if (oldest === undefined || newest === undefined) return undefined
  const facts = datasetOf(key)
  if (facts.key === facts.time)
    return {
      first: micros(BigInt(oldest[1].firstKey)),
      last: lastMoment(key, micros(BigInt(newest[1].lastKey))),
    }
  const end = coverage.at(-1)?.to
  const { to } = periodWindow(newest[0])
  return { first: periodWindow(oldest[0]).from, last: end === undefined ? to : earliest(to, end) }
}

/** A kline that opened then is of all the time up to its close. */
function lastMoment(key: SeriesKey, time: Micros): Micros {
  const { interval } = key
  if (interval === undefined || !hasCandles(datasetOf(key))) return time
  const next = hasKnownGrid(interval) ? gridNext(interval, time) : time + intervalStep(interval)
  return micros(next - 1n)
}

/** As a table of SQL. */
export function symbolsSql(symbols: readonly LakeSymbol[]): string {
  const rows = symbols.map(({ market, symbol, first, last, status }) => {
    const texts = [symbol, market, formatMicros(first), formatMicros(last), status]
    return `(${texts.map((text) => (text === undefined ? 'NULL' : `'${text.replaceAll("'", "''")}'`)).join(', ')})`
  })
  return `SELECT symbol, market, first::TIMESTAMPTZ AS "first", last::TIMESTAMPTZ AS "last", status::VARCHAR AS status
    FROM (VALUES ${rows.join(', ')}) AS lake(symbol, market, "first", "last", status)`
}
