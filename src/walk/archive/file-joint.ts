/** What is missing between a file of trades and its neighbours. */

import type { Gap, GapReason } from '../../base/gap.ts'
import { earliest, latest, micros, type Micros, type Window } from '../../base/time.ts'
import { lowerBound } from '../../rows/int64.ts'
import { sliceRows } from '../../rows/order.ts'
import type { Page } from '../../rows/page.ts'
import type { Jump } from './file-gaps.ts'
import { closing, strays, type ArchiveRun, type FileStep, type OpenFile } from './archive-run.ts'
import { fileAfter, fileBefore, type NeighbourFile } from './neighbour-file.ts'
import {
  gapsAfter,
  isAgreedHead,
  isHeldHead,
  isKnownAfter,
  isKnownBefore,
  NEAR,
  openGaps,
  type FileEnd,
} from './file-ends.ts'
import type { IdSet } from './id-set.ts'
import { Joints } from './joints.ts'
import { joined } from './late-rows.ts'
import { tradeRow, type FileEndVerdict } from './ends.ts'
import { DISORDER } from '../../binance/disorder.ts'

/** How the last file ended. */
export type Tail = FileEnd & {
  /** Where the file's own time ends, and the next file may begin. */
  readonly fileTo: Micros
  /** Did another source end with the same row before? */
  readonly isAgreed: boolean
  /** Did the lake already hold this row and cover the time after it? */
  readonly isHeld: boolean
  readonly ids: IdSet
  /** Ids near the end that it lacks. */
  readonly open: readonly Jump[]
  /** Its rows that belong to the time after it. */
  readonly late: readonly Page[]
}

/** How a file begins. */
export type Head = {
  readonly page: Pick<Page, 'keys' | 'times'>
  /** Ids near the beginning that it lacks. */
  readonly open: readonly Jump[]
}

/** What is missing at the beginning of a file. */
export type HeadGaps = {
  readonly gaps: readonly Gap[]
  /** Ids that no other source has. */
  readonly open: readonly Jump[]
}

/** The ends of the files of one window. */
export class FileJoint {
  readonly #run: ArchiveRun
  readonly #window: Window
  readonly #joints: Joints

  constructor(run: ArchiveRun, window: Window) {
    this.#run = run
    this.#window = window
    this.#joints = new Joints(run)
  }

  /** What is known about the end of the last file, which no other one follows. */
  async *end(tail: Tail): AsyncGenerator<FileStep, void, void> {
    const { to } = tail
    const { series, plan } = this.#run
    const reachedBy = (next: Micros): Micros =>
      latest(to, earliest(this.#window.to, micros(next + DISORDER)))
    const next = await this.#joints.stored(tail.id, {
      by: 1n,
      isThere: (time) => time >= to,
      edgeOf: reachedBy,
    })
    const neighbour = once(() => fileAfter(this.#run, latest(this.#window.to, tail.fileTo)))
    const open = await this.#joints.leftOpen(tail.open, (time) => time >= to, neighbour)
    const late = joined(plan.key, tail.late)
    if (late !== undefined) yield strays(late, tail.reached)
    if (next !== undefined) {
      const reached = reachedBy(next)
      const gaps = openGaps(series.manifest, { from: to, to: reached })
      yield closing(reached, [...gaps, ...gapsOf(open)])
      return
    }
    const verdict = tail.isHeld ? 'whole' : await this.#joints.endCheck.afterEnd(tail.id, to)
    if (verdict === 'unknown') yield* this.#endAtNeighbour(tail, await neighbour(), gapsOf(open))
    else yield closing(to, [...gapsAfter(tail, gapReasonOf(verdict)), ...gapsOf(open)])
  }

  async *#endAtNeighbour(
    tail: Tail,
    neighbour: NeighbourFile | undefined,
    gaps: readonly Gap[],
  ): AsyncGenerator<FileStep, void, void> {
    const { id, to, reached, isAgreed } = tail
    if (neighbour?.isJoinedTo(id) === true) {
      for (const page of neighbour.strays.flatMap((one) => after(one, id)))
        yield strays(page, reached)
      yield closing(this.#window.to, gaps)
      return
    }
    const isNext = neighbour !== undefined && neighbour.id > id + 1n && this.#window.to === to
    const isTorn = isNext || isKnownAfter(this.#run.series.manifest, to, id)
    const verdict = isTorn ? 'torn' : isAgreed ? 'whole' : 'unknown'
    yield closing(to, [...gapsAfter(tail, gapReasonOf(verdict)), ...gaps])
  }

  /** What the first rows of a file show about the one before it, and what is missing before them. */
  async *between(
    tail: Tail | undefined,
    open: OpenFile,
    head: Head,
  ): AsyncGenerator<FileStep, HeadGaps, void> {
    const { part } = open
    if (tail === undefined) return yield* this.#begin(open, head, false)
    const ended = tail.open.filter(({ ids }) => !hasAll(head.page, ids, part.from))
    const begun = head.open.filter(({ ids }) => !tail.ids.has(ids))
    if ((head.page.keys[0] ?? 0n) <= tail.id + 1n) {
      yield closing(part.from, gapsOf(ended))
      return { gaps: [], open: begun }
    }
    // Ids that neither of two neighbours has: one of them lacks rows.
    const isTorn = tail.to === part.from
    const verdict = await this.#joints.endCheck.afterEnd(tail.id, tail.to)
    const guess = isTorn ? 'torn' : tail.isAgreed ? 'whole' : 'unknown'
    const reason = gapReasonOf(verdict === 'unknown' ? guess : verdict)
    yield closing(tail.to, [...gapsAfter(tail, reason), ...gapsOf(ended)])
    return yield* this.#begin(open, { ...head, open: begun }, isTorn)
  }

  async *#begin(
    open: OpenFile,
    head: Head,
    isTorn: boolean,
  ): AsyncGenerator<FileStep, HeadGaps, void> {
    const { file, part } = open
    const isInside = file.window.from < part.from
    const edge = isInside ? file.window.from : this.#window.from
    const neighbour = once(() => fileBefore(this.#run, edge))
    const left = await this.#joints.leftOpen(head.open, (time) => time < part.from, neighbour)
    const first = tradeRow(head.page, 0)
    const nearTo = micros(file.window.from + NEAR)
    // Rows of the time near the file's beginning may be in the file before it.
    const isBegun = isInside && first.time < part.from
    const isSure = isBegun && part.from >= nearTo
    const reason = isSure ? undefined : yield* this.#reasonBefore(open, head, { isTorn, neighbour })
    if (reason === undefined) return { gaps: [], open: left }
    const time = head.page.times.find((one) => one >= part.from) ?? part.from
    // Rows with earlier ids may have later times.
    const near = micros(time + DISORDER)
    const to = isBegun ? latest(nearTo, near) : near
    return { gaps: [{ from: part.from, to: earliest(to, part.to), reason }], open: left }
  }

  /** Why rows may be missing between the beginning of a part and its first row; `undefined` when none are. */
  async *#reasonBefore(
    { file: { period, window }, part: { from } }: OpenFile,
    { page }: Head,
    {
      isTorn,
      neighbour: open,
    }: { isTorn: boolean; neighbour: () => Promise<NeighbourFile | undefined> },
  ): AsyncGenerator<FileStep, GapReason | undefined, void> {
    const { id, time } = tradeRow(page, 0)
    const { series } = this.#run
    const known = series.manifest
    if (id === 0n) return undefined
    if (window.from < from && isHeldHead(known, { from, time }))
      if ((await series.timeOfId(id)) !== undefined) return undefined
    const before = await this.#joints.stored(id, {
      by: -1n,
      isThere: (one) => one < from,
      edgeOf: (there) => latest(this.#window.from, there),
    })
    if (before !== undefined) {
      // All ids are there, so no row of the last moments before it is missing either.
      const since = micros(before - DISORDER)
      yield { ...closing(from, openGaps(known, { from: since, to: from })), since }
      return undefined
    }
    const verdict = await this.#joints.endCheck.beforeHead(id, from)
    if (verdict !== 'unknown') return gapReasonOf(verdict)
    if (isTorn) return 'not-published'
    const neighbour = await open()
    if (neighbour?.isJoinedTo(id) === true) {
      const since = this.#window.from
      for (const rows of neighbour.strays.flatMap((one) => upTo(one, id)))
        yield { ...strays(rows, since), since }
      yield closing(from)
      return undefined
    }
    const isNext = neighbour !== undefined && neighbour.id < id - 1n && from === this.#window.from
    if (isNext || isKnownBefore(known, from, id)) return 'not-published'
    return isAgreedHead(known, period, { id, from, time }) ? undefined : 'unconfirmed'
  }
}

/** The gaps of jumps. */
export function gapsOf(jumps: readonly Jump[]): readonly Gap[] {
  return jumps.map(({ gap }) => gap)
}

function gapReasonOf(verdict: FileEndVerdict): GapReason | undefined {
  if (verdict === 'whole') return undefined
  return verdict === 'torn' ? 'not-published' : 'unconfirmed'
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

/** Does a page have rows with all of these ids, all at or after `from`? */
function hasAll(page: Head['page'], { first, last }: Jump['ids'], from: Micros): boolean {
  const [begin, end] = [lowerBound(page.keys, first), lowerBound(page.keys, last + 1n)]
  const isEach = BigInt(end - begin) === last - first + 1n
  return isEach && page.times.subarray(begin, end).every((time) => time >= from)
}

/** The rows of a page before this id. */
function upTo(page: Page, id: bigint): Page[] {
  const end = lowerBound(page.keys, id)
  return end === 0 ? [] : [sliceRows(page, 0, end)]
}

/** The rows of a page after this id. */
function after(page: Page, id: bigint): Page[] {
  const first = lowerBound(page.keys, id + 1n)
  return first === page.rowCount ? [] : [sliceRows(page, first, page.rowCount)]
}
