/** The last steps of a partition's file: what it says of itself, its name, and the manifest that knows it. */

import type { Expected } from '../base/ports.ts'
import { periodWindow } from '../base/time.ts'
import { formatFacts, type FooterFacts } from './footer.ts'
import { committed, type HeldFiles } from './held.ts'
import { factsOf, knownOf, record, relist, rowsUntil } from './ledger.ts'
import type { Manifest, PartitionEntry } from './manifest.ts'
import type { KeyRange, PartitionWriter } from './partition.ts'

/** A file all of whose rows are written. */
export type Drained = {
  readonly period: string
  readonly writer: PartitionWriter
  readonly keys: KeyRange
  /** The file that it replaces, which has no other rows than the one that it was merged from. */
  readonly expected: Expected
  /** Where new rows came from, if any did. */
  readonly source?: string | undefined
}

/**
 * What a file's footer says of itself.
 *
 * @param manifest - With all that is known once the file's rows are.
 * @returns these facts, and the manifest that agrees with them
 */
export function factsFor(
  manifest: Manifest,
  { period, writer, keys, source }: Omit<Drained, 'expected'>,
): { readonly manifest: Manifest; readonly facts: FooterFacts } {
  const gaps = relist(manifest.gaps, rowsUntil(manifest.key, { period, ...keys }))
  const known = { ...manifest, gaps }
  const before = manifest.partitions.get(period)?.sources ?? []
  const sources = source !== undefined && writer.hasNews ? withSource(before, source) : before
  const proof = writer.proof(knownOf(known, periodWindow(period)))
  return { manifest: known, facts: factsOf(known, period, { sources, ...keys, proof }) }
}

/** A file that is in its place. */
export type Sealed = {
  readonly manifest: Manifest
  readonly entry: PartitionEntry
  readonly version: Expected
}

/**
 * Writes the footer, and makes the file visible where it differs from the one that is there.
 *
 * @returns the manifest with the file in it, which is not on the disk yet
 */
export async function seal(
  { assertHeld }: Pick<HeldFiles, 'assertHeld'>,
  { manifest, facts }: ReturnType<typeof factsFor>,
  { period, writer, expected }: Drained,
): Promise<Sealed> {
  const written = await writer.seal(formatFacts(facts))
  const { rows, bytes, sha256 } = written
  const isThere = manifest.partitions.get(period)?.sha256 === sha256
  const version = await committed(assertHeld, async () => {
    if (!isThere) return written.publish(expected)
    await written.abort()
    return expected
  })
  const { firstKey, lastKey, sources, proof } = facts
  const entry = { rows, bytes, sha256, firstKey, lastKey, sources, proof }
  return { manifest: record(manifest, facts, { rows, bytes, sha256 }), entry, version }
}

/** The sources with one more, sorted. */
function withSource(sources: readonly string[], source: string): readonly string[] {
  return [...new Set([...sources, source])].sort()
}
