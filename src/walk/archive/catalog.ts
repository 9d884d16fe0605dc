/** What the bucket of the archive lists of symbols: which there are, and of which months. */

import { hasSpan, periodOfPath, symbolsFolder } from '../../binance/archive.ts'
import { parseInterval } from '../../binance/interval.ts'
import type { SeriesKey } from '../../binance/series.ts'
import type { ArchiveIndex } from '../../pull/archive/listing.ts'

/** The symbols of the archive. */
export class Catalog {
  readonly #index: ArchiveIndex

  constructor(index: ArchiveIndex) {
    this.#index = index
  }

  /**
   * The symbols that the bucket has folders of klines of.
   *
   * @throws ArchiveError when it cannot be listed.
   */
  async symbols(market: SeriesKey['market']): Promise<readonly string[]> {
    const folders = (['monthly', 'daily'] as const).map((span) =>
      this.#index.folders(symbolsFolder({ market, dataset: 'klines' }, span)),
    )
    const names = (await Promise.all(folders)).flat().map((name) => name.normalize('NFC'))
    return [...new Set(names)].sort()
  }

  /**
   * The first month and the last for which the bucket has klines of a symbol; `undefined` when it has none.
   *
   * @throws ArchiveError when it cannot be listed.
   */
  async months({
    market,
    symbol,
  }: Pick<SeriesKey, 'market' | 'symbol'>): Promise<Months | undefined> {
    const key: SeriesKey = { market, symbol, dataset: 'klines', interval: '1d' }
    const usual = await this.#monthsOf(key)
    if (usual !== undefined) return usual
    // Some symbols have files of other intervals only.
    const folder = `${symbolsFolder(key, 'monthly')}${symbol}/`
    const daily = `${symbolsFolder(key, 'daily')}${symbol}/`
    const names = [...(await this.#index.folders(folder)), ...(await this.#index.folders(daily))]
    const intervals = new Set(names.map(parseInterval))
    const found: Months[] = []
    for (const interval of intervals) {
      const months = interval === undefined ? undefined : await this.#monthsOf({ ...key, interval })
      if (months !== undefined) found.push(months)
    }
    return spanOf(found.flatMap(({ first, last }) => [first, last]))
  }

  async #monthsOf(key: SeriesKey): Promise<Months | undefined> {
    const monthly = spanOf(monthsIn(await this.#index.files(key, 'monthly')))
    if (!hasSpan(key, 'daily')) return monthly
    // Days are many: those of months that are listed are not listed too.
    const range = monthly === undefined ? undefined : { first: `${monthly.last}-01`, last: FOREVER }
    const daily = monthsIn(await this.#index.files(key, 'daily', range))
    return spanOf([...daily, ...(monthly === undefined ? [] : [monthly.first, monthly.last])])
  }
}

/** Months as `YYYY-MM`. */
export type Months = { readonly first: string; readonly last: string }

/** Sorts after every day. */
const FOREVER = '9999-12-31'

function monthsIn(files: ReadonlyMap<string, unknown>): readonly string[] {
  return [...files.keys()].flatMap((path) => periodOfPath(path)?.slice(0, 7) ?? [])
}

function spanOf(months: readonly string[]): Months | undefined {
  const sorted = months.toSorted()
  const [first, last] = [sorted[0], sorted.at(-1)]
  return first === undefined || last === undefined ? undefined : { first, last }
}
