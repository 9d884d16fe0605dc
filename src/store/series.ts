/**
 * One series of the lake, open for writing: its manifest in memory, its partitions on disk. Bytes first, manifest
 * second: a crash between them costs time, never truth, because a file's footer says what it covers.
 */

import { createHash } from 'node:crypto'
import type { Schema } from 'apache-arrow'
import { clip, subtractAll, type Coverage } from '../base/coverage.ts'
import { UsageError } from '../base/errors.ts'
import type { Files, Readable } from '../base/ports.ts'
import { periodWindow, type Micros, type Partition } from '../base/time.ts'
import { DATASETS, type Dataset, type Numbers } from '../binance/dataset.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import { formatFacts, parseFacts, type FooterFacts } from './footer.ts'
import { manifestPath, parsePeriodName, partitionPath, seriesPath } from './layout.ts'
import {
  cover,
  emptyManifest,
  factsOf,
  nextIdAt,
  record,
  withSource,
  type Answered,
} from './ledger.ts'
import {
  formatManifest,
  parseManifest,
  type ArchiveEntry,
  type Manifest,
  type PartitionEntry,
} from './manifest.ts'
import type { Compression } from './parquet/compress.ts'
import { readFooter } from './parquet/read.ts'
import { PartitionWriter, type Merge, type Prover, type Written } from './partition.ts'

/** What a series needs from outside the store. */
export type SeriesWorld = {
  readonly files: Files
  /** Throws when another process took the lake; asked before every commit. */
  readonly assertHeld: () => Promise<void>
  readonly merge: Merge
  readonly prover: (key: SeriesKey) => Prover
  readonly createdBy: string
}

/** How new partitions are written. */
export type WriteSettings = {
  readonly schema: Schema
  readonly compression: Compression
}

/** What a commit is about. */
export type Commit = Answered & {
  /** `rest`, `archive`. */
  readonly source: string
  readonly archives?: Readonly<Record<string, ArchiveEntry>>
}

/** How a commit came out. */
export type Committed = {
  readonly path: string
  readonly period: string
  readonly entry: PartitionEntry
  readonly revisions: number
  /** Was the file replaced, or was it the same already? */
  readonly isChanged: boolean
}

/** Reads the manifest of a series; `undefined` when the lake has none. */
export async function readManifest(files: Files, key: SeriesKey): Promise<Manifest | undefined> {
  const path = manifestPath(key)
  const bytes = await files.read(path)
  return bytes === undefined ? undefined : parseManifest(new TextDecoder().decode(bytes), key, path)
}

/** Checks that a series has the numbers and partitions that are asked for. @throws UsageError when it was begun with others. */
export function checkFixed(
  manifest: Manifest,
  asked: { readonly numbers: Numbers; readonly partition: Partition | undefined },
): void {
  const name = seriesName(manifest.key)
  const { numbers, partition } = manifest
  if (asked.numbers !== numbers)
    throw new UsageError(
      `${name}: stored with numbers: ${numbers}, the job asks for ${asked.numbers}`,
      {
        hint: `Write "numbers: ${numbers}" in the job, or use another --data-dir.`,
      },
    )
  if (asked.partition !== undefined && asked.partition !== partition)
    throw new UsageError(
      `${name}: stored by ${partition}, the job asks for partition: ${asked.partition}`,
      {
        hint: `Write "partition: ${partition}" in the job, or use another --data-dir.`,
      },
    )
}

/** A series, open for writing by one worker. */
export class Series {
  readonly key: SeriesKey
  readonly #world: SeriesWorld
  readonly #settings: WriteSettings
  readonly #dataset: Dataset
  #manifest: Manifest
  /** The manifest's text on disk. */
  #saved: string

  private constructor(
    world: SeriesWorld,
    settings: WriteSettings,
    manifest: Manifest,
    saved: string,
  ) {
    this.key = manifest.key
    this.#world = world
    this.#settings = settings
    this.#dataset = DATASETS[manifest.key.dataset]
    this.#manifest = manifest
    this.#saved = saved
  }

  /** Opens a series, or begins it. Nothing is written before the first commit. */
  static async open(
    world: SeriesWorld,
    key: SeriesKey,
    settings: WriteSettings & { readonly numbers: Numbers; readonly partition: Partition },
  ): Promise<Series> {
    const manifest = await readManifest(world.files, key)
    const { numbers, partition } = settings
    return manifest === undefined
      ? new Series(world, settings, emptyManifest(key, numbers, partition), '')
      : new Series(world, settings, manifest, formatManifest(manifest))
  }

  /** What is recorded now. */
  get manifest(): Manifest {
    return this.#manifest
  }

  /** See {@link nextIdAt}. */
  nextId(from: Micros): bigint | undefined {
    return nextIdAt(this.#manifest, from)
  }

  /** Does the lake hold rows of before `from`? */
  hasRowsBefore(from: Micros): boolean {
    return [...this.#manifest.partitions.keys()].some((period) => periodWindow(period).to <= from)
  }

  /**
   * Takes in what a crashed run published and did not record: files in `windows` whose footers say more than the
   * manifest. Call before planning work in these windows.
   *
   * @returns Whether anything was taken in.
   */
  async adopt(windows: Coverage): Promise<boolean> {
    let isAdopted = false
    for (const { name } of await this.#world.files.list(seriesPath(this.key))) {
      const period = parsePeriodName(name)
      if (period === undefined || clip(windows, periodWindow(period)).length === 0) continue
      isAdopted = (await this.#adoptPeriod(period)) || isAdopted
    }
    if (isAdopted) await this.#save()
    return isAdopted
  }

  async #adoptPeriod(period: string): Promise<boolean> {
    const path = partitionPath(this.key, period)
    const file = await this.#world.files.open(path)
    if (file === undefined) return false
    try {
      const footer = await readFooter(file)
      const facts = parseFacts(footer.metadata, this.key, path)
      const recorded = this.#manifest.partitions.get(period)
      if (recorded?.rows === footer.rows && recorded.bytes === file.sizeBytes && this.#knows(facts))
        return false
      checkFixed(this.#manifest, facts)
      const entry = { rows: footer.rows, bytes: file.sizeBytes, sha256: await hashOf(file) }
      this.#manifest = record(this.#manifest, facts, entry)
      return true
    } finally {
      await file.close()
    }
  }

  #knows(facts: FooterFacts): boolean {
    const revisions = this.#manifest.revisions.filter(({ period }) => period === facts.period)
    return (
      subtractAll(facts.coverage, this.#manifest.coverage).length === 0 &&
      revisions.length === facts.revisions.length
    )
  }

  /** Begins a new file for `period`. */
  async begin(period: string): Promise<PartitionWriter> {
    const { files, merge, prover, createdBy } = this.#world
    const { schema, compression } = this.#settings
    const path = partitionPath(this.key, period)
    const dataset = this.#dataset
    return PartitionWriter.open({
      files,
      path,
      dataset,
      schema,
      compression,
      createdBy,
      merge,
      prover: prover(this.key),
    })
  }

  /** Publishes a partition and records it. */
  async commit(period: string, writer: PartitionWriter, commit: Commit): Promise<Committed> {
    let next = cover(this.#manifest, commit)
    const changes = writer.changes.map((change) => ({ period, ...change }))
    next = { ...next, revisions: [...next.revisions, ...changes] }
    const sources = withSource(this.#manifest.partitions.get(period)?.sources ?? [], commit.source)
    const archives = { ...Object.fromEntries(next.archives), ...commit.archives }
    next = { ...next, archives: new Map(Object.entries(archives)) }
    let facts: FooterFacts | undefined
    const written = await writer.finish(({ firstKey, lastKey }) => {
      facts = factsOf(next, period, { sources, firstKey, lastKey, proof: writer.proof() })
      return formatFacts(facts)
    })
    return this.#publish(period, written, next, facts)
  }

  async #publish(
    period: string,
    written: Written,
    next: Manifest,
    facts: FooterFacts | undefined,
  ): Promise<Committed> {
    const path = partitionPath(this.key, period)
    const { rows, bytes, sha256 } = written
    const isChanged = this.#manifest.partitions.get(period)?.sha256 !== sha256
    await this.#world.assertHeld()
    if (isChanged) await written.publish()
    else await written.abort()
    if (facts !== undefined) this.#manifest = record(next, facts, { rows, bytes, sha256 })
    await this.#save()
    const entry = this.#manifest.partitions.get(period)
    if (entry === undefined) throw new Error(`${path}: published but not recorded`)
    const revisions = facts?.revisions.length ?? 0
    return { path, period, entry, revisions, isChanged }
  }

  /** Records a window without rows, in memory; the next commit or {@link flush} puts it on disk. */
  coverEmpty(answered: Answered): void {
    this.#manifest = cover(this.#manifest, answered)
  }

  /** Puts on disk what is only in memory. Writes nothing when nothing changed. */
  async flush(): Promise<void> {
    if (formatManifest(this.#manifest) === this.#saved) return
    await this.#world.assertHeld()
    await this.#save()
  }

  async #save(): Promise<void> {
    const text = formatManifest(this.#manifest)
    if (text === this.#saved) return
    await this.#world.files.replace(manifestPath(this.key), new TextEncoder().encode(text))
    this.#saved = text
  }
}

/** SHA-256 of a whole file, read piece by piece. */
export async function hashOf(file: Readable): Promise<string> {
  const hash = createHash('sha256')
  const PIECE = 1 << 20
  for (let at = 0; at < file.sizeBytes; at += PIECE)
    hash.update(await file.read(at, Math.min(file.sizeBytes, at + PIECE)))
  return hash.digest('hex')
}
