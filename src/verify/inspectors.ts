/** What `verify` looks for in the rows of a partition, beside their order: sense, and whether any are missing. */

import type { RecordBatch } from 'apache-arrow'
import { clip, intersect, subtractAll, union } from '../base/coverage.ts'
import { DataError } from '../base/errors.ts'
import { formatWindow, periodWindow, type Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { gridOf } from '../binance/dataset.ts'
import { slotCount } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import { pageOf } from '../rows/batch.ts'
import { checkPage } from '../rows/check.ts'
import { provenRows, proverOf, type RowProof, type RowProver } from '../rows/proof.ts'
import { damage, warning, type Flaw } from '../store/flaw.ts'
import type { Inspector } from './inspect.ts'
import { knownOf } from '../store/ledger.ts'
import type { Manifest } from '../store/manifest.ts'
import { forgivenBreaks } from '../store/id-joints.ts'

/** The inspector for one partition of a series. */
export function inspectorOf(key: SeriesKey, period: string, manifest: Manifest): Inspector {
  const prover = proverOf(key)
  const dataset = datasetOf(key)
  const known = knownOf(manifest, periodWindow(period))
  const odd = { dummies: 0, zeroQuantities: 0 }
  return {
    proof: () => prover.proof(known),
    look: (batch: RecordBatch) => {
      prover.take(provenRows(dataset, batch))
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
      ...lostIds(manifest, period, prover.proof(known)),
      ...oddRows(odd),
    ],
  }
}

/** Every slot of the grid that is covered must have a kline or lie in a known gap. */
function missingRows(
  key: SeriesKey,
  period: Window,
  { coverage, gaps }: Manifest,
  prover: RowProver,
): Flaw[] {
  const interval = gridOf(datasetOf(key), key.interval)
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

function lostIds(manifest: Manifest, period: string, proof: RowProof): Flaw[] {
  return brokenIds(proof, forgivenBreaks(manifest, period, proof))
}

/** @param forgiven - Breaks whose ids lie elsewhere; the chains of trades break there too. */
function brokenIds(proof: RowProof, forgiven: number): Flaw[] {
  const flaws: Flaw[] = []
  const ids = Number(proof['id_breaks'] ?? 0) - forgiven
  const chains = Number(proof['chain_breaks'] ?? 0) - forgiven
  if (ids > 0) flaws.push(warning('id-breaks', `ids are not contiguous in ${places(ids)}`))
  if (chains > 0)
    flaws.push(warning('chain-breaks', `trade ids are not chained in ${places(chains)}`))
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

function places(count: number): string {
  return count === 1 ? '1 place' : `${count} places`
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

function note(code: string, message: string): Flaw {
  return { severity: 'note', code, message }
}
