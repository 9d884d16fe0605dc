/** What `verify` looks for in the rows of a partition, beside their order: sense, and whether any are missing. */

import type { RecordBatch } from 'apache-arrow'
import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { DataError } from '../base/errors.ts'
import { formatWindow, periodWindow, type Window } from '../base/time.ts'
import { DATASETS } from '../binance/dataset.ts'
import { slotCount } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import { pageOf } from '../rows/batch.ts'
import { checkPage } from '../rows/check.ts'
import { proverOf, type RowProof, type RowProver } from '../rows/proof.ts'
import { damage, type Flaw } from '../store/flaw.ts'
import type { Inspector } from '../store/inspect.ts'
import { knownOf } from '../store/ledger.ts'
import type { Manifest, PartitionEntry } from '../store/manifest.ts'

/** The inspector for one partition of a series. */
export function inspectorOf(key: SeriesKey, period: string, manifest: Manifest): Inspector {
  const prover = proverOf(key)
  const dataset = DATASETS[key.dataset]
  const known = knownOf(manifest, periodWindow(period))
  const odd = { dummies: 0, zeroQuantities: 0 }
  return {
    proof: () => prover.proof(known),
    look: (batch: RecordBatch) => {
      prover.take(batch)
      try {
        const { dummies, zeroQuantities } = checkPage(dataset, pageOf(dataset, batch))
        odd.dummies += dummies
        odd.zeroQuantities += zeroQuantities
        return []
      } catch (error) {
        if (error instanceof DataError) return [damage('impossible-row', error.message)]
        throw error
      }
    },
    end: () => [
      ...missingRows(key, periodWindow(period), manifest, prover),
      ...brokenIds(prover.proof(known)),
      ...oddRows(odd),
    ],
  }
}

/** Every slot of the grid that is covered must have a kline or lie in a known gap. */
function missingRows(
  { interval }: SeriesKey,
  period: Window,
  { coverage, gaps }: Manifest,
  prover: RowProver,
): Flaw[] {
  if (interval === undefined || prover.missing === undefined) return []
  const covered = clip(coverage, period)
  const lost = subtractAll(intersect(prover.missing(period), covered), union(gaps))
    // Only a slot that begins in it is missed.
    .filter((window) => slotCount(interval, window) > 0)
  const [first] = lost
  if (first === undefined) return []
  const { from, to } = formatWindow(first)
  const more = lost.length > 1 ? ` and ${lost.length - 1} more stretches` : ''
  return [damage('rows-missing', `covered, but without rows: ${from} to ${to}${more}`)]
}

function brokenIds(proof: RowProof): Flaw[] {
  const flaws: Flaw[] = []
  const count = (name: string): number => Number(proof[name] ?? 0)
  if (count('id_breaks') > 0)
    flaws.push(warning('id-breaks', `ids are not contiguous in ${places(count('id_breaks'))}`))
  if (count('chain_breaks') > 0)
    flaws.push(
      warning('chain-breaks', `trade ids are not chained in ${places(count('chain_breaks'))}`),
    )
  return flaws
}

function oddRows({ dummies, zeroQuantities }: { dummies: number; zeroQuantities: number }): Flaw[] {
  const flaws: Flaw[] = []
  if (dummies > 0)
    flaws.push(
      note('dummies', `${records(dummies)} that the exchange marked as standing for nothing`),
    )
  if (zeroQuantities > 0)
    flaws.push(note('zero-quantities', `${records(zeroQuantities)} with a quantity of 0`))
  return flaws
}

/** Where what was answered runs on from one partition to the next, so must ids, and the trades that they name. */
export function chainFlaws({ key, partitions, coverage }: Manifest): Flaw[] {
  const { walk } = DATASETS[key.dataset]
  if (walk !== 'aggTradeId' && walk !== 'tradeId') return []
  const entries = [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.flatMap(([period, entry], index) => {
    const next = entries[index + 1]
    if (next === undefined || !isOneStretch(coverage, period, next[0])) return []
    return brokenJoints(period, entry, next)
  })
}

/** Is all from the first row of one period to the first of the next in one stretch of coverage? */
function isOneStretch(coverage: Coverage, period: string, next: string): boolean {
  const [from, to] = [periodWindow(period), periodWindow(next)]
  const stretch = coverage.find((window) => window.from < to.from && to.from < window.to)
  if (stretch === undefined || stretch.from > from.to) return false
  const isWhole = (window: Window): boolean => clip(coverage, window).length === 1
  return stretch.from < from.to && isWhole(from) && isWhole(to)
}

function brokenJoints(
  period: string,
  { lastKey, proof }: PartitionEntry,
  [next, { firstKey, proof: nextProof }]: readonly [string, PartitionEntry],
): Flaw[] {
  const flaws: Flaw[] = []
  if (!follows(lastKey, firstKey))
    flaws.push(
      warning('id-breaks', `${period} ends with id ${lastKey}, ${next} begins with ${firstKey}`),
    )
  const [last, first] = [proof['last_trade_id'], nextProof['first_trade_id']]
  const isNamed =
    typeof last === 'string' && typeof first === 'string' && last !== '' && first !== ''
  if (isNamed && !follows(last, first))
    flaws.push(
      warning('chain-breaks', `${period} ends with trade ${last}, ${next} begins with ${first}`),
    )
  return flaws
}

function follows(last: string, first: string): boolean {
  return BigInt(first) === BigInt(last) + 1n
}

function places(count: number): string {
  return count === 1 ? '1 place' : `${count} places`
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

function warning(code: string, message: string): Flaw {
  return { severity: 'warning', code, message }
}

function note(code: string, message: string): Flaw {
  return { severity: 'note', code, message }
}
