/** Reads the lake back and says whether it is what its manifests claim. */

import { crc32 } from 'node:zlib'
import { DamageError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import type { WindowText } from '../base/time.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import { chainFlaws } from '../store/id-joints.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { checkWhole, crossChecks, type CrossCheck } from './cross/cross.ts'
import { lookAgain, type Partition } from './look-again.ts'
import { mendSeries, soundManifest } from './mend.ts'
import { remoteFlaws } from '../walk/archive/replaced-files.ts'
import { shardFilter } from '../session/shard.ts'
import { Turns } from '../session/turns.ts'
import { checkNamedLake, closeWorld, worldOf } from '../session/world.ts'
import { storedWants, type StoredWant } from '../session/stored-wants.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import { statusOf } from '../query/status.ts'
import type { Flaw } from '../store/flaw.ts'
import type { Inspected } from './inspect.ts'
import { inspect } from './inspection.ts'
import { ReadAhead } from '../walk/walk.ts'
import { listSeries } from '../store/lake.ts'
import { manifestPath, parsePeriodName, partitionPath, seriesPath } from '../store/layout.ts'
import { acquireLock } from '../store/lock.ts'
import { isForgotten, type Manifest } from '../store/manifest.ts'
import { manifestFromFooters } from '../store/rebuild.ts'
import { strangersIn, strangersOutside } from './foreign-files.ts'

/** Options of `verify`. */
export type VerifyOptions = Options & {
  /** Checks the `index`-th (from 1) of `count` parts of the partitions, chosen by name: `count` runs check all. */
  readonly subset?: { readonly index: number; readonly count: number }
  /** Re-reads the archives' checksums. */
  readonly remote?: boolean
  /** Writes lost or damaged manifests anew from the Parquet footers, and brings sound ones in line with the files. */
  readonly rebuild?: boolean
  /** Holds series that say the same against each other: klines, aggregates and trades. Not of a subset or a shard. */
  readonly cross?: boolean
}

/** One thing that is wrong, or worth knowing. */
export type Finding = {
  readonly severity: 'damage' | 'warning' | 'note'
  /** Stable, e.g. `hash-mismatch`, `duplicate-key`, `out-of-order`, `orphan`, `foreign-file`. */
  readonly code: string
  readonly path: string
  readonly message: string
  readonly hint?: string
}

/** What was found in one series. */
export type SeriesVerdict = {
  readonly key: SeriesKey
  /** `complete`, `complete with N known gaps`, `incomplete: ...`, or `damaged`. */
  readonly verdict: string
  readonly missing: readonly WindowText[]
  /** Of what is missing: stretches whose answers were empty, and that nothing confirms yet. */
  readonly unconfirmed: readonly WindowText[]
  readonly partitions: number
  readonly rows: number
}

/** What `verify` prints. */
export type VerifyReport = {
  readonly ok: boolean
  readonly series: readonly SeriesVerdict[]
  readonly findings: readonly Finding[]
  readonly partitions: number
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
  /** What was held against each other, with `cross`. */
  readonly cross?: readonly CrossCheck[]
}

export type { CrossCheck } from './cross/cross.ts'

/** One step of a verification. */
export type VerifyProgress =
  | { readonly kind: 'checked'; readonly path: string; readonly rows: number; readonly ok: boolean }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | ({ readonly kind: 'report' } & VerifyReport)

/**
 * Verifies what `jobs` want, or everything in the lake without jobs; the last item is the report. Asks the exchange
 * nothing: what a filter of symbols chooses is told by their names, and now by this machine's clock.
 *
 * @throws UsageError for `cross` of a subset or a shard.
 */
export async function* verify(
  jobs: readonly Job[],
  options: VerifyOptions = {},
): AsyncGenerator<VerifyProgress, void, void> {
  if (options.cross === true) checkWhole(options)
  const world = worldOf(options)
  try {
    await checkNamedLake(world.files, options)
    const verification = new Verification(world, options)
    const stored = await listSeries(world.files)
    const isOurs = shardFilter(options.shard)
    const wants = (await storedWants(jobs, stored, world)).filter(({ key }) => isOurs(key))
    if (options.rebuild === true) yield* verification.rebuild(wants.map(({ key }) => key))
    for (const want of wants) yield* verification.series(want)
    if (jobs.length === 0) yield* verification.around(stored)
    if (options.cross === true) yield* verification.cross(wants)
    yield verification.report()
  } finally {
    await closeWorld(world, options)
  }
}

/** Partitions in hand for each thread: one that it inspects, and the next. */
const PARTITIONS_PER_THREAD = 2

class Verification {
  readonly #world: World
  readonly #options: VerifyOptions
  readonly #archive: ArchiveSession
  readonly #startedMs: number
  readonly #findings: Finding[] = []
  readonly #series: SeriesVerdict[] = []
  #cross: readonly CrossCheck[] | undefined
  readonly #totals = { partitions: 0, rows: 0, bytes: 0 }

  constructor(world: World, options: VerifyOptions) {
    this.#world = world
    this.#options = options
    this.#startedMs = world.clock.monotonicMs()
    this.#archive = new ArchiveSession(
      world,
      { ...options, attemptsMax: LOOK_ATTEMPTS },
      () => undefined,
    )
  }

  /** Mends manifests, holding the lake. */
  async *rebuild(keys: readonly SeriesKey[]): AsyncGenerator<VerifyProgress, void, void> {
    const { waitLockMs: waitMs, signal } = this.#options
    const lock = await acquireLock(this.#world, { waitMs, signal })
    const lake = { files: this.#world.files, assertHeld: () => lock.assertHeld() }
    try {
      for (const key of keys) {
        const turns = new Turns(this.#world, signal)
        const flaws = await turns.during(() => mendSeries(lake, key, turns.suspects))
        for (const flaw of flaws) yield this.#find(manifestPath(key), flaw)
      }
    } finally {
      await lock.release()
    }
  }

  /** What lies around the series. */
  async *around(keys: readonly SeriesKey[]): AsyncGenerator<VerifyProgress, void, void> {
    for await (const { path, ...flaw } of strangersOutside(this.#world.files, keys))
      yield this.#find(path, flaw)
  }

  /** Series held against each other, but for those that are damaged in themselves. */
  async *cross(wants: readonly StoredWant[]): AsyncGenerator<VerifyProgress, void, void> {
    const sound = new Set(
      this.#series.filter(({ verdict }) => verdict !== 'damaged').map(({ key }) => seriesName(key)),
    )
    const series = wants.filter(({ key }) => sound.has(seriesName(key)))
    const checks: CrossCheck[] = []
    for await (const step of crossChecks(this.#world.files, series, this.#options.signal))
      if (step.kind === 'check') checks.push(step.check)
      else yield this.#find(seriesPath(step.key), step.flaw)
    this.#cross = checks
  }

  /** Everything about one series. */
  async *series({ key, wanted }: StoredWant): AsyncGenerator<VerifyProgress, void, void> {
    const before = this.#findings.length
    const { manifest, flaw } = await this.#manifest(key)
    if (flaw !== undefined) yield this.#find(manifestPath(key), flaw)
    yield* this.#strangers(key, manifest)
    const totals = { partitions: 0, rows: 0 }
    for await (const partition of manifest === undefined ? [] : this.#inspected(manifest)) {
      totals.rows += yield* this.#partition(partition)
      totals.partitions += 1
    }
    for (const broken of manifest === undefined ? [] : chainFlaws(manifest))
      yield this.#find(seriesPath(key), broken)
    if (this.#options.remote === true && manifest !== undefined)
      for await (const { path, ...broken } of remoteFlaws(this.#archive, manifest, this.#options))
        yield this.#find(path, broken)
    const isDamaged = this.#findings.slice(before).some(({ severity }) => severity === 'damage')
    const isUnknown = manifest === undefined || isForgotten(manifest)
    if (isUnknown && wanted === undefined && !isDamaged) return
    const { verdict, missing, unconfirmed } = statusOf(key, manifest, wanted)
    const words = isDamaged ? 'damaged' : verdict
    this.#series.push({ key, verdict: words, missing, unconfirmed, ...totals })
  }

  report(): VerifyProgress {
    return {
      kind: 'report',
      ok: this.#findings.every(({ severity }) => severity !== 'damage'),
      series: this.#series,
      findings: this.#findings,
      ...(this.#cross === undefined ? {} : { cross: this.#cross }),
      ...this.#totals,
      seconds: (this.#world.clock.monotonicMs() - this.#startedMs) / 1_000,
    }
  }

  /** The manifest of a series; where it is lost, what the footers say, so that the files are looked at all the same. */
  async #manifest(
    key: SeriesKey,
  ): Promise<{ readonly manifest: Manifest | undefined; readonly flaw?: Flaw }> {
    const { files } = this.#world
    const found = await soundManifest(files, key)
    if (!('code' in found)) return { manifest: found }
    try {
      const manifest = await manifestFromFooters(files, key)
      // A run that was cut off before it wrote anything leaves an empty directory.
      if (manifest === undefined && found.code === 'manifest-missing') return { manifest }
      return { manifest, flaw: found }
    } catch (error) {
      if (!(error instanceof DamageError)) throw error
      return {
        manifest: undefined,
        flaw: { ...found, message: `${found.message}; ${error.message}` },
      }
    }
  }

  /** The partitions of a series, in order, several inspected at once. */
  async *#inspected(manifest: Manifest): AsyncGenerator<Partition, void, void> {
    const { key } = manifest
    const { signal } = this.#options
    const periods = [...manifest.partitions.keys()]
      .sort()
      .filter((period) => this.#isInSubset(partitionPath(key, period)))
    const working = new Set<Promise<Inspected>>()
    const ahead = new ReadAhead(
      (period: string) => {
        const inspected = inspect(this.#world, period, manifest)
        working.add(inspected)
        return inspected.finally(() => working.delete(inspected))
      },
      PARTITIONS_PER_THREAD * (this.#world.threads?.count ?? 0) || 1,
      signal,
    )
    try {
      for (;;) {
        signal?.throwIfAborted()
        const taken = await ahead.take(() => periods.shift())
        if (taken === undefined) return
        yield { manifest, period: taken.task, seen: taken.value }
      }
    } finally {
      ahead.close()
      await Promise.allSettled(working)
    }
  }

  async *#partition(partition: Partition): AsyncGenerator<VerifyProgress, number, void> {
    const path = partitionPath(partition.manifest.key, partition.period)
    const seen = await lookAgain(this.#world, partition)
    for (const flaw of seen.flaws) yield this.#find(path, flaw)
    const ok = seen.flaws.every(({ severity }) => severity !== 'damage')
    this.#totals.partitions += 1
    this.#totals.rows += seen.rows
    this.#totals.bytes += seen.bytes
    yield { kind: 'checked', path, rows: seen.rows, ok }
    return seen.rows
  }

  /** Files and directories of the series that its manifest does not name. */
  async *#strangers(
    key: SeriesKey,
    manifest: Manifest | undefined,
  ): AsyncGenerator<VerifyProgress, void, void> {
    const { files } = this.#world
    for await (const { path, ...flaw } of strangersIn(files, key, manifest)) {
      const period = parsePeriodName(path.split('/').at(-2) ?? '')
      if (flaw.code !== 'orphan' || period === undefined) {
        yield this.#find(path, flaw)
        continue
      }
      // A run may have recorded it since the manifest was read.
      const now = await soundManifest(files, key)
      const known = 'code' in now ? manifest : now
      if (known === undefined || known.partitions.has(period)) continue
      const { flaws } = await inspect(this.#world, period, known)
      const damage = flaws.filter(({ severity }) => severity === 'damage')
      // Only a file that is sound, and of this place, can have been published by a run.
      for (const one of damage.length > 0 ? damage : [flaw]) yield this.#find(path, one)
    }
  }

  #isInSubset(path: string): boolean {
    const { subset } = this.#options
    // By its name and not by its place in a list, so that none slips through when others come in between two runs.
    return subset === undefined || crc32(path) % subset.count === subset.index - 1
  }

  #find(path: string, flaw: Flaw): VerifyProgress {
    const finding = { path, ...flaw }
    this.#findings.push(finding)
    return { kind: 'finding', finding }
  }
}
