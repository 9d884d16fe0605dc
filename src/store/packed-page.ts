/** Rows that another thread has packed for their partition already, with what is looked at on their way there. */

import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Compression } from '../job/job.ts'
import { pageOf } from '../rows/batch.ts'
import type { ProvenRows } from '../rows/proof.ts'
import type { Page } from '../rows/page.ts'
import { schemaOf } from '../rows/schema.ts'
import type { Numbers } from '../binance/dataset.ts'
import { unpack, type PackedRows, type PackOptions } from './parquet/pack.ts'

/** A page of the archive as a row group. */
export type PackedPage = Omit<Page, 'batch'> & {
  readonly packed: PackedRows
  readonly trades: ProvenRows['trades']
}

/** How rows of a series are packed for its partitions. */
export type Packed = {
  readonly key: SeriesKey
  readonly numbers: Numbers
  readonly compression: Compression
}

/** Has this page been packed? */
export function isPacked(page: Page | PackedPage): page is PackedPage {
  return 'packed' in page
}

/** How row groups of a series are made. */
export function packOptions({ key, numbers, compression }: Packed): PackOptions {
  const dataset = datasetOf(key)
  return { schema: schemaOf(dataset, numbers), sortedBy: dataset.key, compression }
}

/** The rows themselves, where they do not go where they were expected to. */
export async function unpacked(
  page: Page | PackedPage,
  key: SeriesKey,
  options: Pick<PackOptions, 'schema' | 'compression'>,
): Promise<Page> {
  if (!isPacked(page)) return page
  const dataset = datasetOf(key)
  return pageOf(dataset, await unpack(page.packed, { ...options, sortedBy: dataset.key }))
}
