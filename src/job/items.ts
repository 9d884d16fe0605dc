/** What the rules across keys look at: the entries of `datasets`, and the items of lists, as far as they can be read. */

import type { Reading } from '../base/suggest.ts'
import type { Dataset, DatasetKind } from '../binance/dataset.ts'
import type { Market } from '../binance/series.ts'
import type { Path } from './document.ts'
import { valueAt, type Finding } from './problems.ts'

/** One entry of `datasets`, as far as it can be read. */
export type Entry = {
  readonly path: Path
  readonly market: Market
  /** `undefined` when it cannot be read. */
  readonly kind: DatasetKind | undefined
  /** The dataset of the entry; `undefined` when its kind cannot be read, or its market has none of this name. */
  readonly dataset: Dataset | undefined
  /** The path of a key: in the entry if it is there, otherwise at the top level; `undefined` when in neither. */
  readonly pathOf: (key: string) => Path | undefined
}

/** An item of a list that can be read. */
export type Item = { readonly value: string; readonly path: Path }

/** Those items of a list that `read` understands; the schema tells of the others. */
export function readItems(
  root: unknown,
  path: Path,
  read: (text: string) => Reading<string>,
): Item[] {
  const list = valueAt(root, path)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown, index): Item[] => {
    const value = typeof item === 'string' ? known(read(item)) : undefined
    return value === undefined ? [] : [{ value, path: [...path, index] }]
  })
}

/** The value of a reading; `undefined` where it could not be read. */
export function known<T>(reading: Reading<T>): T | undefined {
  return 'value' in reading ? reading.value : undefined
}

/** A problem with a value. */
export function finding(path: Path, message: string): Finding {
  return { path, on: 'value', message }
}
