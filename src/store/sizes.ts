/** The files of a series by their sizes: with one listing where a store can, else asked for one by one. */

import type { Files } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import { DATA_NAME, parsePeriodName, partitionPath, seriesPath } from './layout.ts'

/** Asks for the size of a partition's file; `undefined` where there is none. */
export type SizeOf = (period: string) => Promise<number | undefined>

/** Looks at the files of a series. */
export async function sizesOf(files: Files, key: SeriesKey): Promise<SizeOf> {
  const asked: SizeOf = (period) => files.size(partitionPath(key, period))
  if (files.tree === undefined) return asked
  const listed = new Map<string, number>()
  for (const { path, sizeBytes } of await files.tree(seriesPath(key))) {
    const [name, directory = ''] = path.split('/').reverse()
    const period = parsePeriodName(directory)
    if (name === DATA_NAME && period !== undefined) listed.set(period, sizeBytes)
  }
  // What came after the listing is not lost.
  return async (period) => listed.get(period) ?? asked(period)
}
