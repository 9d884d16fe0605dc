/** Rules about the lists of a dataset: intervals and types of contract, where its series have one. */

import { oneOf, quoted, type Reading } from '../base/suggest.ts'
import type { Dataset } from '../binance/dataset.ts'
import { CONTRACT_TYPES } from '../binance/contract.ts'
import type { Path } from './document.ts'
import { readInterval } from './interval.ts'
import { finding, readItems, type Entry } from './items.ts'
import { valueAt, type Finding } from './problems.ts'
import { readWord } from './schema-text.ts'

/** Intervals where series have one, and only there. */
export function checkIntervals(root: unknown, { path, dataset }: Entry): Finding[] {
  const intervals = [...path, 'intervals']
  const isGiven = valueAt(root, intervals) !== undefined
  if (dataset === undefined) return []
  const { kind } = dataset
  if (dataset.hasInterval && isGiven) return lackingIntervals(root, intervals, dataset)
  if (dataset.hasInterval === isGiven) return []
  return isGiven
    ? [{ path: intervals, on: 'key', message: `${kind} have no intervals; leave them out` }]
    : [finding(intervals, `is missing; ${kind} need e.g. intervals: [1m, 1h]`)]
}

/** Types of contract, where a series has one; at the top level they are for those datasets that have them. */
export function checkContracts(root: unknown, { path, market, dataset, pathOf }: Entry): Finding[] {
  if (dataset === undefined) return []
  const { kind, contracts: known } = dataset
  const own = [...path, 'contracts']
  if (known === undefined) {
    if (valueAt(root, own) === undefined) return []
    return [{ path: own, on: 'key', message: `${kind} have no contracts; leave them out` }]
  }
  const at = pathOf('contracts')
  if (at === undefined)
    return [finding(own, `is missing; ${kind} need e.g. contracts: [${known[0] ?? ''}]`)]
  return readItems(root, at, readContract)
    .filter(({ value }) => !known.some((type) => type === value))
    .map(({ value, path: where }) =>
      finding(where, `${kind} of ${market} have no ${quoted(value)}; they have ${oneOf(known)}`),
    )
}

/** A type of contract. */
export function readContract(text: string): Reading<string> {
  return readWord(text, CONTRACT_TYPES)
}

/** Intervals that other datasets have. */
function lackingIntervals(
  root: unknown,
  path: Path,
  { kind, intervals: known }: Dataset,
): Finding[] {
  if (known === undefined) return []
  return readItems(root, path, readInterval)
    .filter(({ value }) => !known.some((own) => own === value))
    .map(({ value, path: at }) =>
      finding(at, `${kind} of this market have no ${quoted(value)}; they have ${oneOf(known)}`),
    )
}
