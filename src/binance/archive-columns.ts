/**
 * The CSV columns of archive files: their order, and the names that header rows were seen to give them.
 *
 * @see binance-public-data, README.md, "Spot"; names also from header rows of its files since 2022.
 */

import { DATASETS, type Dataset, type DatasetKind } from './dataset.ts'

/** One column of a CSV file. */
export type ArchiveColumn = {
  /** The column of the dataset that it fills; `undefined` for the one that is always to be ignored. */
  readonly name: string | undefined
  /** What header rows call it, in {@link headerWord} form. */
  readonly headers: readonly string[]
}

const column = (name: string | undefined, ...headers: readonly string[]): ArchiveColumn => ({
  name,
  headers: [...(name === undefined ? [] : [headerWord(name)]), ...headers],
})

const KLINES: readonly ArchiveColumn[] = [
  column('open_time'),
  column('open'),
  column('high'),
  column('low'),
  column('close'),
  column('volume'),
  column('close_time'),
  column('quote_volume', 'quoteassetvolume'),
  column('trade_count', 'count', 'numberoftrades', 'trades'),
  column('taker_buy_volume', 'takerbuybaseassetvolume', 'takerbuybasevolume'),
  column('taker_buy_quote_volume', 'takerbuyquoteassetvolume'),
  column(undefined, 'ignore'),
]

const AGG_TRADES: readonly ArchiveColumn[] = [
  column('agg_trade_id', 'aggregatetradeid', 'a'),
  column('price', 'p'),
  column('quantity', 'qty', 'q'),
  column('first_trade_id', 'f'),
  column('last_trade_id', 'l'),
  column('time', 'timestamp', 'transacttime', 'T'),
  column('is_buyer_maker', 'wasthebuyerthemaker', 'm'),
  column('is_best_match', 'wasthetradethebestpricematch', 'M'),
]

const TRADES: readonly ArchiveColumn[] = [
  column('trade_id', 'id'),
  column('price'),
  column('quantity', 'qty'),
  column('quote_quantity', 'quoteqty'),
  column('time', 'timestamp'),
  column('is_buyer_maker', 'wasthebuyerthemaker'),
  column('is_best_match', 'wasthetradethebestpricematch'),
]

const COLUMNS: Partial<Readonly<Record<DatasetKind, readonly ArchiveColumn[]>>> = {
  klines: KLINES,
  aggTrades: AGG_TRADES,
  trades: TRADES,
}

/** The columns of the files of `dataset`, in their order. @throws RangeError when it has none in the archive */
export function archiveColumns({ kind }: Dataset): readonly ArchiveColumn[] {
  const columns = COLUMNS[kind]
  if (columns !== undefined && DATASETS[kind].hasArchive) return columns
  throw new RangeError(`${kind} is not in the archive`)
}

/**
 * A name of a header row without what drifts: letters and digits only, in lower case. One letter alone keeps its
 * case, since `m` and `M` are two columns.
 */
export function headerWord(name: string): string {
  const word = name.replace(/[^A-Za-z0-9]/g, '')
  return word.length === 1 ? word : word.toLowerCase()
}
