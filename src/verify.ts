/** Reads the lake back and says whether it is what its manifests claim. */

import { covers } from './base/coverage.ts'
import { DamageError, StoreError } from './base/errors.ts'
import type { World } from './base/ports.ts'
import { periodWindow, type WindowText } from './base/time.ts'
import { DATASETS } from './binance/dataset.ts'
import type { SeriesKey } from './binance/series.ts'
import { inspectorOf } from './conduct/inspectors.ts'
import { worldOf } from './conduct/session.ts'
import type { DatasetJob, Job } from './job/job.ts'
import type { Options } from './options.ts'
import { statusOf } from './status.ts'
import { inspectPartition, type Flaw } from './store/inspect.ts'
import { checkLake, listSeries } from './store/lake.ts'
import {
  DATA_NAME,
  manifestPath,
  parsePeriodName,
  partitionPath,
  seriesPath,
} from './store/layout.ts'
import { acquireLock } from './store/lock.ts'
import { formatManifest, type Manifest } from './store/manifest.ts'
import { manifestFromFooters, writeManifest } from './store/rebuild.ts'
import { readManifest } from './store/series.ts'

/** Options of `verify`. */
export type VerifyOptions = Options & {
  /** Checks the `index`-th (from 1) of `count` parts of the partitions, so that `count` runs check all. */
  readonly subset?: { readonly index: number; readonly count: number }
  /** Re-reads the archives' checksums. */
  readonly remote?: boolean
  /** Writes lost or damaged manifests anew from the Parquet footers. */
  readonly rebuild?: boolean
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
}

/** One step of a verification. */
export type VerifyProgress =
  | { readonly kind: 'checked'; readonly path: string; readonly rows: number; readonly ok: boolean }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | ({ readonly kind: 'report' } & VerifyReport)

/** Verifies what `jobs` name, or everything in the lake without jobs; the last item is the report. */
export async function* verify(
  jobs: readonly Job[],
  options: VerifyOptions = {},
): AsyncGenerator<VerifyProgress, void, void> {
  const world = worldOf(options)
  try {
    await checkLake(world.files)
    const verification = new Verification(world, options)
    const keys = await keysOf(jobs, world)
    if (options.rebuild === true) yield* verification.rebuild(keys)
    for (const key of keys) yield* verification.series(key)
    yield verification.report()
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

/** The series that the lake has, of those that the jobs name. */
async function keysOf(jobs: readonly Job[], world: World): Promise<readonly SeriesKey[]> {
  const keys = await listSeries(world.files)
  if (jobs.length === 0) return keys
  const isNamed = (key: SeriesKey): boolean =>
    jobs.some((job) => job.datasets.some((dataset) => names(dataset, key)))
  return keys.filter(isNamed)
}

function names({ kind, intervals, symbols }: DatasetJob, key: SeriesKey): boolean {
  const hasInterval = key.interval === undefined || intervals.includes(key.interval)
  const hasSymbol =
    symbols.kind === 'list'
      ? symbols.symbols.includes(key.symbol)
      : !symbols.exclude.includes(key.symbol)
  return kind === key.dataset && hasInterval && hasSymbol
}

class Verification {
  readonly #world: World
  readonly #options: VerifyOptions
  readonly #startedMs: number
  readonly #findings: Finding[] = []
  readonly #series: SeriesVerdict[] = []
  readonly #totals = { partitions: 0, rows: 0, bytes: 0 }
  #index = 0

  constructor(world: World, options: VerifyOptions) {
    this.#world = world
    this.#options = options
    this.#startedMs = world.clock.monotonicMs()
  }

  /** Writes manifests anew, holding the lake. */
  async *rebuild(keys: readonly SeriesKey[]): AsyncGenerator<VerifyProgress, void, void> {
    const { files } = this.#world
    const { waitLockMs: waitMs, signal } = this.#options
    const lock = await acquireLock(this.#world, { waitMs, signal })
    try {
      for (const key of keys) {
        const path = manifestPath(key)
        try {
          const manifest = await manifestFromFooters(files, key)
          if (manifest === undefined) continue
          await lock.assertHeld()
          await writeManifest(files, manifest)
          yield this.#find(path, {
            severity: 'note',
            code: 'rebuilt',
            message: 'written anew from the footers',
          })
        } catch (error) {
          if (!(error instanceof DamageError || error instanceof StoreError)) throw error
          yield this.#find(path, {
            severity: 'damage',
            code: 'not-rebuilt',
            message: error.message,
          })
        }
      }
    } finally {
      await lock.release()
    }
  }

  /** Everything about one series. */
  async *series(key: SeriesKey): AsyncGenerator<VerifyProgress, void, void> {
    const before = this.#findings.length
    const manifest = await this.#manifest(key)
    if (!('key' in manifest)) {
      yield this.#find(manifestPath(key), manifest)
      this.#series.push({ key, verdict: 'damaged', missing: [], partitions: 0, rows: 0 })
      return
    }
    yield* this.#strangers(key, manifest)
    const totals = { partitions: 0, rows: 0 }
    for (const period of [...manifest.partitions.keys()].sort()) {
      if (!this.#isInSubset()) continue
      const rows = yield* this.#partition(key, period, manifest)
      totals.partitions += 1
      totals.rows += rows
    }
    for (const flaw of chainFlaws(manifest)) yield this.#find(seriesPath(key), flaw)
    const isDamaged = this.#findings.slice(before).some(({ severity }) => severity === 'damage')
    const { verdict, missing } = statusOf(key, manifest, undefined)
    this.#series.push({ key, verdict: isDamaged ? 'damaged' : verdict, missing, ...totals })
  }

  report(): VerifyProgress {
    return {
      kind: 'report',
      ok: this.#findings.every(({ severity }) => severity !== 'damage'),
      series: this.#series,
      findings: this.#findings,
      ...this.#totals,
      seconds: (this.#world.clock.monotonicMs() - this.#startedMs) / 1_000,
    }
  }

  async #manifest(key: SeriesKey): Promise<Manifest | Flaw> {
    try {
      const manifest = await readManifest(this.#world.files, key)
      if (manifest !== undefined) return manifest
      return lostManifest('manifest-missing', 'the series has files but no manifest')
    } catch (error) {
      if (error instanceof DamageError) return lostManifest('manifest-damaged', error.message)
      throw error
    }
  }

  async *#partition(
    key: SeriesKey,
    period: string,
    manifest: Manifest,
  ): AsyncGenerator<VerifyProgress, number, void> {
    const { files } = this.#world
    const path = partitionPath(key, period)
    const inspect = (known: Manifest): ReturnType<typeof inspectPartition> =>
      inspectPartition({
        files,
        key,
        period,
        manifest: known,
        inspector: inspectorOf(key, period, known),
      })
    let seen = await inspect(manifest)
    if (seen.flaws.length > 0) {
      // A run may have replaced the file since the manifest was read: look again before crying wolf.
      const now = await this.#manifest(key)
      if ('key' in now && formatManifest(now) !== formatManifest(manifest))
        seen = await inspect(now)
    }
    for (const flaw of seen.flaws) yield this.#find(path, flaw)
    const ok = seen.flaws.every(({ severity }) => severity !== 'damage')
    this.#totals.partitions += 1
    this.#totals.rows += seen.rows
    this.#totals.bytes += (await files.size(path)) ?? 0
    yield { kind: 'checked', path, rows: seen.rows, ok }
    return seen.rows
  }

  /** Files and directories of the series that its manifest does not name. */
  async *#strangers(
    key: SeriesKey,
    manifest: Manifest,
  ): AsyncGenerator<VerifyProgress, void, void> {
    const base = seriesPath(key)
    for (const { name } of await this.#world.files.list(base)) {
      const period = parsePeriodName(name)
      if (period === undefined) {
        if (!/^[._]/.test(name)) yield this.#find(`${base}/${name}`, foreign())
        continue
      }
      for (const { name: file } of await this.#world.files.list(`${base}/${name}`)) {
        const path = `${base}/${name}/${file}`
        if (file !== DATA_NAME) yield this.#find(path, foreign())
        else if (!manifest.partitions.has(period)) yield this.#find(path, orphan())
      }
    }
  }

  #isInSubset(): boolean {
    const { subset } = this.#options
    const index = this.#index++
    return subset === undefined || index % subset.count === subset.index - 1
  }

  #find(path: string, flaw: Flaw): VerifyProgress {
    const finding = { path, ...flaw }
    this.#findings.push(finding)
    return { kind: 'finding', finding }
  }
}

function lostManifest(code: string, message: string): Flaw {
  return { severity: 'damage', code, message, hint: 'binance-backfill verify --rebuild' }
}

function foreign(): Flaw {
  return {
    severity: 'warning',
    code: 'foreign-file',
    message: 'not written by binance-backfill; readers that glob may trip over it',
    hint: 'Move it out of the lake.',
  }
}

function orphan(): Flaw {
  return {
    severity: 'warning',
    code: 'orphan',
    message: 'published but not in the manifest: a run ended between the two',
    hint: 'The next run takes it in, or: binance-backfill verify --rebuild',
  }
}

/** Where coverage runs on from one partition to the next, so must ids. */
export function chainFlaws({ key, partitions, coverage }: Manifest): Flaw[] {
  const { walk } = DATASETS[key.dataset]
  if (walk === 'openTime' || walk === 'accountWindow') return []
  const flaws: Flaw[] = []
  const entries = [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [index, [period, entry]] of entries.entries()) {
    const next = entries[index + 1]
    if (next === undefined) break
    const between = { from: periodWindow(period).from, to: periodWindow(next[0]).to }
    if (!covers(coverage, between)) continue
    const [after, expected] = [BigInt(next[1].firstKey), BigInt(entry.lastKey) + 1n]
    if (after !== expected)
      flaws.push({
        severity: 'warning',
        code: 'id-breaks',
        message: `${period} ends with id ${entry.lastKey}, ${next[0]} begins with ${after}`,
      })
  }
  return flaws
}
