/**
 * One series of the lake, open for writing: its manifest in memory, its partitions on disk. Bytes first, manifest
 * second: a crash between them costs time, never truth, because a file's footer says what it covers.
 */

import type { RecordBatch, Schema } from 'apache-arrow'
import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { Expected, Files } from '../base/ports.ts'
import { periodWindow, type Micros, type Partition, type Window } from '../base/time.ts'
import type { Numbers } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import { adoptFiles } from './adopt.ts'
import { renewArchive, useArchives } from './archives.ts'
import { nextIdAt } from './id-ends.ts'
import { partitionPath } from './layout.ts'
import {
  answeredPart,
  changedGaps,
  cover,
  emptyManifest,
  restated,
  type Answered,
} from './ledger.ts'
import {
  formatManifest,
  isForgotten,
  type ArchiveEntry,
  type Manifest,
  type PartitionEntry,
} from './manifest.ts'
import { newestRows } from './newest-rows.ts'
import type { Claims } from './change.ts'
import { PartitionWriter } from './partition.ts'
import { readManifestFile, writeManifest } from './manifest-file.ts'
import { begunAs, strayPeriods, withoutRows } from './present.ts'
import { factsFor, seal } from './publish.ts'
import { timeOfId } from './row-by-id.ts'
import { openRecorded } from './recorded.ts'
import { vanishedKeys } from './vanished.ts'
import { changedTime, claimsOf, withYouth } from './youth.ts'
import { learn } from './learn.ts'
import type { Compression } from '../job/job.ts'

export { readManifest } from './manifest-file.ts'

/** What a series needs from outside the store. */
export type SeriesWorld = {
  readonly files: Files
  /** Throws when another process took the lake; asked before every commit. */
  readonly assertHeld: () => Promise<void>
  readonly createdBy: string
}

/** How new partitions are written. */
export type WriteSettings = {
  readonly schema: Schema
  readonly compression: Compression
}

/** Where the rows of a commit came from. */
type Origin = {
  /** `rest`, `archive`. */
  readonly source: string
  readonly archives?: Readonly<Record<string, ArchiveEntry>>
}

/** What a commit is about. */
export type Commit = Answered & Origin

/** How a commit came out. */
export type Committed = {
  readonly path: string
  readonly period: string
  readonly entry: PartitionEntry
  /** The file that it replaces, if there was one. */
  readonly before: PartitionEntry | undefined
  /** Rows that changed, by this commit. */
  readonly revisions: number
  /** Was the file replaced, or was it the same already? */
  readonly isChanged: boolean
}

/** A series, open for writing by one worker. */
export class Series {
  readonly key: SeriesKey
  /** How new partitions are written. */
  readonly settings: WriteSettings
  readonly #world: SeriesWorld
  #manifest: Manifest
  /** The manifest's text in the lake, empty when there is none, and which version of it that is. */
  #saved: string
  #version: Expected
  /** What the footers of all partitions agree with, and what was learnt of since. */
  #stated: Manifest
  #learnt: Window[] = []
  readonly #claims: Claims
  /** What was known when the series was opened. */
  readonly #opened: Manifest
  /** Files that were written anew with the same rows, maybe while others are being merged from what they were. */
  readonly #rewritten = new Map<string, Expected>()
  /** While the saved manifest speaks of files that are gone: the same without them, and nothing learnt since. */
  #withoutLost: Manifest | undefined

  private constructor(
    world: SeriesWorld,
    settings: WriteSettings,
    manifest: Manifest,
    { saved, version }: { readonly saved: string; readonly version: Expected },
  ) {
    this.key = manifest.key
    this.#world = world
    this.settings = settings
    this.#manifest = manifest
    this.#saved = saved
    this.#version = version
    this.#stated = manifest
    this.#claims = claimsOf(manifest)
    this.#opened = manifest
  }

  /**
   * Opens a series, or begins it. Nothing is written before the first commit. Rows whose file is gone are not covered
   * any more.
   */
  static async open(
    world: SeriesWorld,
    key: SeriesKey,
    settings: WriteSettings & { readonly numbers: Numbers; readonly partition: Partition },
  ): Promise<Series> {
    const { version, parse } = await readManifestFile(world.files, key)
    const manifest = parse()
    if (manifest === undefined || isForgotten(manifest)) {
      const { numbers, partition } = (await begunAs(world.files, key)) ?? settings
      const empty = emptyManifest(key, numbers, partition)
      return new Series(world, settings, empty, { saved: '', version })
    }
    const saved = formatManifest(manifest)
    const series = new Series(world, settings, manifest, { saved, version })
    const { lost } = await strayPeriods(world.files, manifest)
    series.#manifest = withoutRows(manifest, lost)
    series.#learnt.push(...lost.map(periodWindow))
    if (lost.length > 0) series.#withoutLost = series.#manifest
    return series
  }

  /** What is recorded now. */
  get manifest(): Manifest {
    return this.#manifest
  }

  /** See {@link nextIdAt}. */
  nextId(from: Micros): bigint | undefined {
    return nextIdAt(this.#manifest, from)
  }

  /** See {@link timeOfId}. */
  timeOfId(id: bigint): Promise<Micros | undefined> {
    return timeOfId(this.#world.files, this.#manifest, id)
  }

  /** The last `count` stored rows of `window`, in order; see {@link newestRows}. */
  newestRows(window: Window, count: number): Promise<readonly RecordBatch[]> {
    return newestRows(this.#world.files, this.#manifest, window, count)
  }

  /**
   * Takes in what a crashed run published and did not record: files whose footers say more than the manifest. Call
   * before planning work.
   *
   * @param windows - Of which something may have been published; files elsewhere are looked at if their size is new.
   * @param freshOf - The part of the coverage that was gained which may change yet.
   */
  async adopt(
    windows: Coverage,
    freshOf: (adopted: Manifest, gained: Coverage) => Promise<Coverage>,
    suspects?: ReadonlySet<string>,
  ): Promise<void> {
    const before = this.#manifest
    const adopted = await adoptFiles(this.#world.files, before, windows, suspects)
    if (adopted === before) return
    const gained = subtractAll(adopted.coverage, before.coverage)
    const lost = subtractAll(before.coverage, adopted.coverage)
    const young = union(changedTime(before, adopted), await freshOf(adopted, gained))
    const fresh = union(adopted.fresh, young)
    this.#manifest = { ...adopted, fresh }
    this.#learnt.push(...gained, ...lost)
    await this.#world.assertHeld()
    await this.#restate()
    await this.#save()
  }

  /**
   * Begins a new file for `period`, which will hold the rows of the one that is there too.
   *
   * @param since - From where on rows of this period are asked for.
   * @param source - Of the rows. Files of the archive are final: only REST may tell a kline as it was before its end.
   */
  async begin(period: string, since?: Micros, source?: string): Promise<PartitionWriter> {
    // Else a file that comes back the same would look as if it had never been away, and its name might not last.
    // What was learnt since waits for the footers that will say it: see `#restate`.
    if (this.#withoutLost !== undefined) await this.#save(this.#withoutLost)
    this.#withoutLost = undefined
    const { files, createdBy } = this.#world
    const { schema, compression } = this.settings
    const { to } = periodWindow(period)
    const stored = await openRecorded(files, this.#manifest, period)
    this.#rewritten.delete(period)
    // Only rows that were covered can be missed when they do not come again.
    const isAskedAgain =
      since !== undefined &&
      since < to &&
      clip(this.#manifest.coverage, { from: since, to }).length > 0
    return PartitionWriter.open({
      files,
      path: partitionPath(this.key, period),
      stored,
      key: this.key,
      schema,
      compression,
      createdBy,
      since: isAskedAgain ? since : undefined,
      vanished: vanishedKeys(this.#manifest.revisions, period),
      claims: source === 'rest' ? this.#claims : undefined,
    })
  }

  /** Publishes a partition and records it. */
  commit(period: string, writer: PartitionWriter, commit: Commit): Promise<Committed> {
    return this.#store(period, writer, { ...commit, answered: commit })
  }

  /** Publishes a partition that gained rows of time that was answered before; coverage stays as it is. */
  amend(period: string, writer: PartitionWriter, origin: Origin): Promise<Committed> {
    return this.#store(period, writer, { ...origin, answered: undefined })
  }

  /** Drain, learn, facts, seal: rows first, then what they teach, what the footer says of it, and the file's name. */
  async #store(
    period: string,
    writer: PartitionWriter,
    { answered, source, archives }: Origin & { readonly answered: Answered | undefined },
  ): Promise<Committed> {
    const before = this.#manifest
    const asked = answered === undefined ? [] : answeredPart(answered)
    const askedAgain = intersect(asked, before.coverage)
    const keys = await writer.drain(askedAgain)
    const known = useArchives(before, archives)
    const { manifest: learnt, changes } = learn(known, period, writer, { answered, askedAgain })
    const expected = this.#rewritten.get(period) ?? writer.expected
    const drained = { period, writer, keys, source, expected }
    const sealed = await seal(this.#world, factsFor(learnt, drained), drained)
    this.#manifest = sealed.manifest
    if (answered !== undefined) {
      const run = { answered, period, source, doubts: writer.doubts, opened: this.#opened }
      this.#manifest = withYouth(before, this.#manifest, run)
      this.#learnt.push(answered.window)
    }
    await this.#restate(period)
    await this.#save()
    const { entry } = sealed
    const old = before.partitions.get(period)
    return {
      ...{ path: partitionPath(this.key, period), period, entry, before: old, revisions: changes },
      isChanged: old?.sha256 !== entry.sha256,
    }
  }

  /**
   * Writes those files anew whose footers say of time what is not known any more, or not all of it: so the same rows
   * and the same answers give the same bytes, in whatever order and pieces they came. All of them before the
   * manifest: a crash in between leaves footers that say more, never ones that say less.
   */
  async #restate(written?: string): Promise<void> {
    const windows = union(this.#learnt, changedGaps(this.#stated.gaps, this.#manifest.gaps))
    for (const period of restated(this.#stated, this.#manifest, windows)) {
      if (period === written) continue
      const writer = await this.begin(period)
      try {
        const { expected } = writer
        const drained = { period, writer, keys: await writer.drain([]), expected }
        const sealed = await seal(this.#world, factsFor(this.#manifest, drained), drained)
        this.#manifest = sealed.manifest
        this.#rewritten.set(period, sealed.version)
      } finally {
        await writer.abort()
      }
    }
    this.#stated = this.#manifest
    this.#learnt = []
  }

  /** Records a window without rows, in memory; the next commit or {@link flush} puts it on disk. */
  coverEmpty(answered: Answered): void {
    this.#manifest = cover(this.#manifest, answered)
    this.#learnt.push(answered.window)
  }

  /** Records, in memory, an archive that was replaced and all of whose time was stored anew. */
  renewArchive(path: string, entry: ArchiveEntry): void {
    this.#manifest = renewArchive(this.#manifest, path, entry)
  }

  /** Puts on disk what is only in memory. Writes nothing when nothing changed. */
  async flush(): Promise<void> {
    if (formatManifest(this.#manifest) === this.#saved) return
    const { coverage, gaps, partitions } = this.#manifest
    // Nothing is known of a series whose first request failed; nothing is written of it.
    if (this.#saved === '' && coverage.length + gaps.length + partitions.size === 0) return
    await this.#world.assertHeld()
    await this.#restate()
    await this.#save()
  }

  async #save(manifest = this.#manifest): Promise<void> {
    const text = formatManifest(manifest)
    if (text === this.#saved) return
    this.#version = await writeManifest(this.#world, manifest, this.#version)
    this.#saved = text
  }
}
