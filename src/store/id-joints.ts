/**
 * Are the ids of a series contiguous over its partitions? Where times go back, the ids of neighbouring files interleave:
 * so ids are counted over all files of one stretch of covered time, and none of these may be left out.
 */

import { clip, type Coverage } from '../base/coverage.ts'
import { periodWindow, type Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { warning, type Flaw } from './flaw.ts'
import { leftOutOf } from './id-ends.ts'
import type { Manifest, PartitionEntry } from './manifest.ts'

/** Partitions that were answered in one piece, in order. */
type Stretch = readonly (readonly [string, PartitionEntry])[]

/** In how many places ids are left out, in time that was answered in full. */
export function idBreaksOf(manifest: Manifest): number {
  const own = [...manifest.partitions].map(
    ([period, { proof }]) =>
      Number(proof['id_breaks'] ?? 0) - forgivenBreaks(manifest, period, proof),
  )
  const joints = chainFlaws(manifest).filter(({ code }) => code === 'id-breaks')
  return own.reduce((sum, breaks) => sum + breaks, joints.length)
}

/** How many breaks of the ids of a partition are none: other files have the ids, or they lie outside of what was asked. */
export function forgivenBreaks(
  manifest: Manifest,
  period: string,
  proof: PartitionEntry['proof'],
): number {
  const breaks = Number(proof['id_breaks'] ?? 0)
  const entry = manifest.partitions.get(period)
  if (breaks === 0 || entry === undefined || leftOutOf([entry]) === 0n) return 0
  if (!isOnePiece(manifest.coverage, periodWindow(period)))
    return Number(proof['id_breaks_at_edges'] ?? 0)
  const stretch = stretchesOf(manifest).find((one) => one.some(([name]) => name === period))
  const isJoined = stretch !== undefined && isWhole(stretch, manifest.coverage)
  return isJoined ? breaks : 0
}

/** Where what was answered runs on from one partition to the next, so must ids, and the trades that they name. */
export function chainFlaws(manifest: Manifest): Flaw[] {
  return stretchesOf(manifest).flatMap((stretch) => {
    const ids = isWhole(stretch, manifest.coverage) ? [] : brokenJoints(stretch)
    return [...ids.map((message) => warning('id-breaks', message)), ...brokenChains(stretch)]
  })
}

function stretchesOf({ key, partitions, coverage }: Manifest): readonly Stretch[] {
  const { walk } = datasetOf(key)
  if (walk !== 'aggTradeId' && walk !== 'tradeId') return []
  const stretches: (readonly [string, PartitionEntry])[][] = []
  for (const entry of [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const last = stretches.at(-1)
    const before = last?.at(-1)
    if (before !== undefined && isOneStretch(coverage, before[0], entry[0])) last?.push(entry)
    else stretches.push([entry])
  }
  return stretches
}

/** Is all from the first row of one period to the first of the next in one stretch of coverage? */
function isOneStretch(coverage: Coverage, period: string, next: string): boolean {
  const [from, to] = [periodWindow(period), periodWindow(next)]
  const stretch = coverage.find((window) => window.from < to.from && to.from < window.to)
  if (stretch === undefined || stretch.from > from.to) return false
  return stretch.from < from.to && isOnePiece(coverage, from) && isOnePiece(coverage, to)
}

function isOnePiece(coverage: Coverage, period: Window): boolean {
  return clip(coverage, period).length === 1
}

/** Has each id of a stretch a row, but for those that may lie just outside of what was answered? */
function isWhole(stretch: Stretch, coverage: Coverage): boolean {
  if (!stretch.every(([period]) => isOnePiece(coverage, periodWindow(period)))) return false
  const atStart = Number(stretch[0]?.[1].proof['ids_left_out_at_start'] ?? 0)
  const atEnd = Number(stretch.at(-1)?.[1].proof['ids_left_out_at_end'] ?? 0)
  return leftOutOf(stretch.map(([, entry]) => entry)) <= BigInt(atStart + atEnd)
}

/** Where ids are left out between one file and the next, in words. */
function brokenJoints(stretch: Stretch): string[] {
  return neighbours(stretch).flatMap(([[period, entry], [next, nextEntry]]) => {
    const idsAt = ({ proof }: PartitionEntry, edge: string): bigint => BigInt(proof[edge] ?? 0)
    const { lastKey } = entry
    const { firstKey } = nextEntry
    // Ids that one file leaves out near the joint, the other one has.
    const open = idsAt(entry, 'ids_left_out_at_end') + idsAt(nextEntry, 'ids_left_out_at_start')
    const missing = open - (BigInt(lastKey) - BigInt(firstKey) + 1n)
    if (missing <= 0n) return []
    return [`${period} ends with id ${lastKey}, ${next} begins with ${firstKey}`]
  })
}

function brokenChains(stretch: Stretch): Flaw[] {
  return neighbours(stretch).flatMap(([[period, entry], [next, nextEntry]]) => {
    const last = entry.proof['last_trade_id']
    const first = nextEntry.proof['first_trade_id']
    const isNamed =
      typeof last === 'string' && typeof first === 'string' && last !== '' && first !== ''
    // Where ids interleave, of two files or of three, the rows next to the joint are not neighbours.
    const areNeighbours = BigInt(nextEntry.firstKey) === BigInt(entry.lastKey) + 1n
    if (!isNamed || !areNeighbours || BigInt(first) === BigInt(last) + 1n) return []
    const message = `${period} ends with trade ${last}, ${next} begins with ${first}`
    return [warning('chain-breaks', message)]
  })
}

function neighbours(stretch: Stretch): (readonly [Stretch[number], Stretch[number]])[] {
  return stretch.slice(1).flatMap((next, index) => {
    const before = stretch[index]
    return before === undefined ? [] : [[before, next] as const]
  })
}
