/** What a run published and did not live to record: files that say more than the manifest does. */

import { clip, intersect, subtractAll, type Coverage } from '../base/coverage.ts'
import { DamageError } from '../base/errors.ts'
import { hashOf } from '../base/hash.ts'
import type { Files, Readable } from '../base/ports.ts'
import { periodWindow } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { MEND, reading } from './damaged.ts'
import { formatFacts, parseFacts, type FooterFacts } from './footer.ts'
import { parsePeriodName, partitionPath, seriesPath } from './layout.ts'
import { factsOf, forgetRows, record } from './ledger.ts'
import type { Manifest, PartitionEntry, Revision } from './manifest.ts'
import { readFooter } from './parquet/read.ts'
import { sizesOf } from './sizes.ts'
import { assertSound, isAsWritten } from './sound.ts'
import { isVanished } from './vanished.ts'

/** The periods that have a directory, oldest first. */
export async function listPeriods(files: Files, key: SeriesKey): Promise<readonly string[]> {
  const entries = await files.list(seriesPath(key))
  return entries.flatMap(({ name }) => parsePeriodName(name) ?? []).sort()
}

/** What was found on the disk of one partition. */
export type FoundFile = {
  readonly facts: FooterFacts
  readonly rows: number
  readonly bytes: number
  readonly sha256: () => Promise<string>
  /** See {@link assertSound}. */
  readonly assertSound: () => Promise<void>
  /** See {@link isAsWritten}. */
  readonly isAsWritten: () => Promise<boolean>
}

/**
 * Reads what the file of a partition says of itself, and gives it to `use`; `undefined` when there is no file.
 *
 * @throws DamageError, naming the file, when it is not one of this series.
 */
export async function withFile<T>(
  files: Files,
  key: SeriesKey,
  period: string,
  use: (found: FoundFile) => Promise<T>,
): Promise<T | undefined> {
  const file = await files.open(partitionPath(key, period))
  if (file === undefined) return undefined
  try {
    return await use(await lookInto(file, key, period))
  } finally {
    await file.close()
  }
}

/** What an open file of a partition says of itself. @throws DamageError, naming it, when it is not one of this series. */
export async function lookInto(file: Readable, key: SeriesKey, period: string): Promise<FoundFile> {
  const path = partitionPath(key, period)
  const footer = await reading(path, () => readFooter(file))
  const facts = parseFacts(footer.metadata, key, path)
  return {
    facts,
    rows: footer.rows,
    bytes: file.sizeBytes,
    sha256: () => reading(path, () => hashOf(file)),
    assertSound: () => assertSound(file, footer, { path, keys: Object.keys(formatFacts(facts)) }),
    isAsWritten: () => reading(path, () => isAsWritten(file, footer, datasetOf(key).key)),
  }
}

/**
 * The manifest with every file in it that says more than it does. Opens the files of `windows`, and any other whose
 * size is not the recorded one.
 *
 * Where many write, one who was slow may have put a file in the place of the recorded one that says less. What it says
 * is true of it, and its rows are all that were there; so it counts, and what it does not say is asked for again.
 *
 * @param windows - Of which a run that ended early may have published something.
 * @param suspects - Paths of files that turned out to be other ones than those that were recorded.
 * @returns The same object when there is nothing to take in.
 * @throws DamageError for a file that is not one of this series, or, where one writes, not the one that was recorded.
 */
export async function adoptFiles(
  files: Files,
  manifest: Manifest,
  windows: Coverage,
  suspects: ReadonlySet<string> = new Set(),
): Promise<Manifest> {
  let adopted = manifest
  const sizeOf = await sizesOf(files, manifest.key)
  for (const period of await listPeriods(files, manifest.key)) {
    const recorded = adopted.partitions.get(period)
    const path = partitionPath(manifest.key, period)
    const isDoubtful = suspects.has(path) || clip(windows, periodWindow(period)).length > 0
    if (!isDoubtful && recorded?.bytes === (await sizeOf(period))) continue
    const current = adopted
    const next = await withFile(files, manifest.key, period, async (found) => {
      checkAlike(current, found.facts, path)
      const isKnown =
        (await isRecorded(files, current, found)) &&
        (!suspects.has(path) ||
          recorded === undefined ||
          (await found.sha256()) === recorded.sha256)
      // One file of those that a refresh wrote anew makes the archive known; the others are ahead all the same.
      const before = { ...current, archives: manifest.archives }
      if (isKnown && !(await isAhead(before, found))) return current
      const { facts, rows, bytes } = found
      // Its hash is about to be taken for the right one.
      await found.assertSound()
      // The manifest must not outlast it: whoever published it may have ended before its name was on the disk.
      await files.settle(path)
      const rest = isKnown ? current : forgetRows(current, period)
      return record(rest, facts, { rows, bytes, sha256: await found.sha256() })
    })
    adopted = next ?? adopted
  }
  return adopted
}

/** @throws DamageError for a file with other numbers or of another length of period than its series. */
export function checkAlike(manifest: Manifest, facts: FooterFacts, path: string): void {
  const { numbers, partition } = manifest
  if (facts.numbers === numbers && facts.partition === partition) return
  throw new DamageError(
    `${path}: written with numbers: ${facts.numbers}, partition: ${facts.partition}; its series has ${numbers}, ${partition}`,
    { hint: MEND },
  )
}

/**
 * Is a file the recorded one, or what a run put in its place?
 *
 * @returns `false` only where many write.
 * @throws DamageError for another file where one writes: nobody but a foreign program puts it there.
 */
export async function isRecorded(
  { isShared }: Pick<Files, 'isShared'>,
  manifest: Manifest,
  found: FoundFile,
): Promise<boolean> {
  const { facts, rows, bytes } = found
  const entry = manifest.partitions.get(facts.period)
  if (entry === undefined || isSame(manifest, entry, found)) return true
  if (await isAhead(manifest, found)) return true
  // What was learnt since it was written is not in its footer yet.
  const isSameSize = entry.rows === rows && entry.bytes === bytes
  if (isSameSize && entry.sha256 === (await found.sha256())) return true
  if (isShared) return false
  const path = partitionPath(manifest.key, facts.period)
  throw otherFile(path, `${rows} rows, the manifest says ${entry.rows}`)
}

/** A file that is not what the manifest says, and nothing that a run can have put there since. */
export function otherFile(path: string, how: string): DamageError {
  return new DamageError(`${path}: not the file that was recorded, and not a later one: ${how}`, {
    hint: MEND,
  })
}

/** Does a file say more than the manifest, rather than being another file than the one that was recorded? */
export async function isAhead(manifest: Manifest, found: FoundFile): Promise<boolean> {
  const { facts, rows, bytes } = found
  const entry = manifest.partitions.get(facts.period)
  if (entry === undefined) return true
  const known = factsOf(manifest, facts.period, entry)
  if (rows < entry.rows || !isGrown(known, facts)) return false
  if (rows > entry.rows || saidOf(known) !== saidOf(facts)) return true
  // The same in other words: another compression writes so, and damage looks so.
  if (bytes !== entry.bytes) return found.isAsWritten()
  return namesOther(known.archives, facts.archives) && (await found.sha256()) !== entry.sha256
}

/** Does a footer name archives that are not known, or not as it says? A checksum is as long as any other. */
function namesOther(known: FooterFacts['archives'], said: FooterFacts['archives']): boolean {
  return Object.entries(said).some(([path, { sha256 }]) => known[path]?.sha256 !== sha256)
}

/** Is a file the recorded one, as far as it says itself? */
function isSame(
  manifest: Manifest,
  entry: PartitionEntry,
  { facts, rows, bytes }: Pick<FoundFile, 'facts' | 'rows' | 'bytes'>,
): boolean {
  const known = factsOf(manifest, facts.period, entry)
  return entry.rows === rows && entry.bytes === bytes && saidOf(known) === saidOf(facts)
}

/** What a footer says of its rows and their time. An archive is known to all that it is about once one has used it. */
function saidOf(facts: FooterFacts): string {
  const said = { ...facts, archives: {}, sources: [] }
  return JSON.stringify(formatFacts(said))
}

/**
 * Nothing is published that says less than what was there, so whatever says less was not published by a run. But for
 * a row that came again: that it was not sent is not said any more.
 */
function isGrown(known: FooterFacts, facts: FooterFacts): boolean {
  const ownTime = [periodWindow(facts.period)]
  const lost = subtractAll(intersect(known.coverage, ownTime), facts.coverage)
  const recorded = new Set(facts.revisions.map(textOf))
  return (
    lost.length === 0 &&
    known.sources.every((source) => facts.sources.includes(source)) &&
    known.revisions.every((revision) => isVanished(revision) || recorded.has(textOf(revision)))
  )
}

function textOf({ key, time, old, new: now }: Revision): string {
  return JSON.stringify([key, time, old, now])
}
