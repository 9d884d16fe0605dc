/** What `verify` looks for in the rows of a partition, beside their order: sense, and whether any are missing. */

import type { RecordBatch } from 'apache-arrow'
import { clip, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { DataError } from '../base/errors.ts'
import { formatWindow, micros, periodWindow, type Window } from '../base/time.ts'
import { DATASETS } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import { missingSlots } from '../pull/slots.ts'
import { pageOf } from '../rows/batch.ts'
import { checkPage } from '../rows/check.ts'
import { proverOf } from '../rows/proof.ts'
import { damage, type Flaw, type Inspector } from '../store/inspect.ts'
import type { Manifest } from '../store/manifest.ts'

/** The inspector for one partition of a series. */
export function inspectorOf(key: SeriesKey, period: string, manifest: Manifest): Inspector {
  const prover = proverOf(key)
  const dataset = DATASETS[key.dataset]
  const grid = key.interval === undefined ? undefined : new GridCheck(key, period, manifest)
  return {
    take: (batch) => {
      prover.take(batch)
    },
    proof: () => prover.proof(),
    look: (batch) => {
      grid?.look(batch)
      try {
        checkPage(dataset, pageOf(dataset, batch))
        return []
      } catch (error) {
        if (error instanceof DataError) return [damage('impossible-row', error.message)]
        throw error
      }
    },
    end: () => [...(grid?.end() ?? []), ...idFlaws(prover.proof())],
  }
}

function idFlaws(proof: Readonly<Record<string, unknown>>): Flaw[] {
  const flaws: Flaw[] = []
  const count = (name: string): number => Number(proof[name] ?? 0)
  if (count('id_breaks') > 0)
    flaws.push(warning('id-breaks', `ids are not contiguous in ${count('id_breaks')} places`))
  if (count('chain_breaks') > 0)
    flaws.push(
      warning('chain-breaks', `trade ids are not chained in ${count('chain_breaks')} places`),
    )
  if (count('dummies') > 0)
    flaws.push({
      severity: 'note',
      code: 'dummies',
      message: `${count('dummies')} records that the exchange invalidated`,
    })
  return flaws
}

function warning(code: string, message: string): Flaw {
  return { severity: 'warning', code, message }
}

/** Every slot of the grid that is covered must have a kline or lie in a known gap. */
class GridCheck {
  readonly #key: SeriesKey
  readonly #covered: Coverage
  readonly #gaps: Coverage
  #missing: Window[] = []
  #seen: Window

  constructor(key: SeriesKey, period: string, manifest: Manifest) {
    const window = periodWindow(period)
    this.#key = key
    this.#covered = clip(manifest.coverage, window)
    this.#gaps = union(manifest.gaps)
    this.#seen = { from: window.from, to: window.from }
  }

  look(batch: RecordBatch): void {
    const dataset = DATASETS[this.#key.dataset]
    const { keys, rowCount } = pageOf(dataset, batch)
    const last = keys[rowCount - 1]
    if (last === undefined) return
    this.#check({ from: this.#seen.to, to: micros(last + 1n) }, keys)
  }

  end(): Flaw[] {
    const to = this.#covered.at(-1)?.to
    if (to !== undefined && this.#seen.to < to)
      this.#check({ from: this.#seen.to, to }, new BigInt64Array())
    const lost = subtractAll(clipAll(union(this.#missing), this.#covered), this.#gaps)
    const [first] = lost
    if (first === undefined) return []
    const { from, to: until } = formatWindow(first)
    const more = lost.length > 1 ? ` and ${lost.length - 1} more stretches` : ''
    return [damage('rows-missing', `covered, but without rows: ${from} to ${until}${more}`)]
  }

  #check(window: Window, opens: BigInt64Array): void {
    const { interval } = this.#key
    // Only where the grid is known can a row be missed.
    if (interval !== undefined && interval !== '3d' && window.from < window.to)
      this.#missing.push(...missingSlots(interval, window, opens))
    this.#seen = { from: this.#seen.from, to: window.to }
  }
}

function clipAll(windows: Coverage, within: Coverage): Coverage {
  return within.flatMap((window) => clip(windows, window))
}
