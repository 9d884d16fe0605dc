/** The verdict of a series: one function, from its manifest, for everyone who tells of it. */

import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { isKnown, type Gap } from '../base/gap.ts'
import { formatWindow, type Micros, type Window } from '../base/time.ts'
import { unconfirmedIn } from './ledger.ts'
import type { Manifest } from './manifest.ts'
import { idBreaksOf } from './id-joints.ts'

/** What is to be judged. */
export type Judged = {
  /** Without the rows of files that are gone; `undefined`: the lake has nothing of it. */
  readonly manifest: Manifest | undefined
  /** What was asked for; `undefined`: whatever ever was. */
  readonly wanted: Coverage | undefined
  /** The manifest as it is stored, where files are gone. */
  readonly recorded?: Manifest | undefined
}

/** What the lake has of what was asked for. */
export type Verdict = {
  readonly missing: Coverage
  /** Of what is missing: stretches whose answers were empty, and that nothing confirms yet. */
  readonly unconfirmed: Coverage
  /** What the proofs of covered partitions contradict, in words. */
  readonly lack: string | undefined
  /** Is all that was asked for covered, known gaps included? */
  readonly isComplete: boolean
  /** `complete`, `complete with N known gaps` or `incomplete: ...`. */
  readonly words: string
}

/** Judges a series. */
export function verdictOf({ manifest, wanted, recorded = manifest }: Judged): Verdict {
  const range = wanted ?? askedOf(recorded)
  const missing = subtractAll(range, manifest?.coverage ?? [])
  const gaps = (manifest?.gaps ?? []).filter(
    (gap) => wanted === undefined || clip(range, gap).length > 0,
  )
  const lack = manifest === undefined ? undefined : lackOf(manifest)
  return {
    missing,
    unconfirmed: intersect(missing, manifest === undefined ? [] : unconfirmedIn(manifest)),
    lack,
    isComplete: missing.length === 0 && lack === undefined,
    words: wordsOf(missing, gaps, lack),
  }
}

function wordsOf(missing: Coverage, gaps: readonly Gap[], lack: string | undefined): string {
  const [first] = missing
  if (first !== undefined) {
    const reasons = gaps.filter((gap) => !isKnown(gap) && clip(missing, gap).length > 0)
    const why = [...new Set(reasons.map(({ reason }) => reason))].join(', ')
    const { from, to } = formatWindow(first)
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
    return `incomplete: missing ${from} to ${to}${more}${why === '' ? '' : ` (${why})`}`
  }
  if (lack !== undefined) return `incomplete: ${lack}`
  const known = gaps.filter(isKnown).length
  if (known === 0) return 'complete'
  return `complete with ${known} known ${known === 1 ? 'gap' : 'gaps'}`
}

/** An unconfirmed end that is younger is no failure: the exchange may be late by so much. */
const YOUNG_END = 2n * 3_600_000_000n

/**
 * Does a series lack nothing but what the next run asks again in any case: unconfirmed stretches with rows on both
 * sides, or a young one at the end of what can be had now?
 */
export function isUpToDate(
  { missing, unconfirmed, lack }: Verdict,
  manifest: Manifest | undefined,
  { now, horizon }: { readonly now: Micros; readonly horizon: Micros },
): boolean {
  if (manifest === undefined || lack !== undefined) return false
  if (subtractAll(missing, unconfirmed).length > 0) return false
  const withRows = subtractAll(manifest.coverage, union(manifest.gaps.filter(isKnown)))
  return unconfirmed.every(({ from, to }: Window) => {
    if (!withRows.some((window) => window.from < from)) return false
    if (withRows.some((window) => window.to > to)) return true
    return to >= horizon && from + YOUNG_END > now
  })
}

/** What the proofs of the partitions say is lacking in time that was answered in full. */
function lackOf(manifest: Manifest): string | undefined {
  const proofs = [...manifest.partitions.values()].map(({ proof }) => proof)
  const sum = (name: string): number =>
    proofs.reduce((total, proof) => total + Number(proof[name] ?? 0), 0)
  const breaks = idBreaksOf(manifest)
  if (breaks > 0)
    return `ids are not contiguous in ${breaks === 1 ? '1 place' : `${breaks} places`}`
  const slots = sum('slots_expected') - sum('slots_in_gaps') - sum('slots_present')
  if (slots > 0) return slots === 1 ? '1 kline is missing' : `${slots} klines are missing`
  return undefined
}

/** From the first moment that was asked for to the last: what lies between and is not covered is missing, whoever asked. */
function askedOf(manifest: Manifest | undefined): Coverage {
  const asked = union(manifest?.coverage ?? [], manifest?.gaps)
  const [first, last] = [asked[0], asked.at(-1)]
  return first === undefined || last === undefined ? [] : [{ from: first.from, to: last.to }]
}
