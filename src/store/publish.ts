/** The last steps of a partition's file: what it says of itself, its name, and the manifest that knows it. */

import type { Coverage } from '../base/coverage.ts'
import { periodWindow } from '../base/time.ts'
import { formatFacts, type FooterFacts } from './footer.ts'
import type { HeldFiles } from './held.ts'
import { factsOf, knownOf, record, relist, rowsUntil, withSource } from './ledger.ts'
import type { Manifest, PartitionEntry } from './manifest.ts'
import type { PartitionWriter } from './partition.ts'

/** What a file is published with. */
export type News = {
  /** Time that was covered and was asked for again. */
  readonly askedAgain: Coverage
  /** The manifest with all that is known once the file's rows are; called when they are written. */
  readonly learn: () => Manifest
  /** Where new rows came from. */
  readonly source?: string
}

/**
 * Finishes a file and makes it visible where it differs from the one that is there.
 *
 * @param manifest - What was known when the file was begun.
 * @returns The manifest with the file in it, which is not on the disk yet.
 */
export async function publish(
  { assertHeld }: Pick<HeldFiles, 'assertHeld'>,
  manifest: Manifest,
  {
    period,
    writer,
    askedAgain,
    learn,
    source,
  }: News & { readonly period: string; readonly writer: PartitionWriter },
): Promise<{ readonly manifest: Manifest; readonly entry: PartitionEntry }> {
  const { key, partitions } = manifest
  let next = manifest
  let facts: FooterFacts | undefined
  const written = await writer.finish(askedAgain, ({ firstKey, lastKey }) => {
    next = learn()
    const keys = { firstKey: String(firstKey), lastKey: String(lastKey) }
    next = { ...next, gaps: relist(next.gaps, rowsUntil(key, { period, ...keys })) }
    const known = partitions.get(period)?.sources ?? []
    const sources = source !== undefined && writer.hasNews ? withSource(known, source) : known
    const proof = writer.proof(knownOf(next, periodWindow(period)))
    facts = factsOf(next, period, { sources, ...keys, proof })
    return formatFacts(facts)
  })
  const { rows, bytes, sha256 } = written
  await assertHeld()
  if (partitions.get(period)?.sha256 === sha256) await written.abort()
  else await written.publish()
  if (facts === undefined) throw new Error(`${period}: written without a footer`)
  const { firstKey, lastKey, sources, proof } = facts
  const entry = { rows, bytes, sha256, firstKey, lastKey, sources, proof }
  return { manifest: record(next, facts, { rows, bytes, sha256 }), entry }
}
