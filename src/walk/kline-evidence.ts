/**
 * Why a stretch has no klines. Empty answers alone prove nothing: a stretch is a known gap only where something else
 * agrees with them, and `unconfirmed` otherwise (CONTRACT, the manifest: "An empty answer is not proof").
 */

import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { Gap, GapReason } from '../base/gap.ts'
import { floorDiv, micros, type Micros, type Window } from '../base/time.ts'
import type { Page } from '../rows/page.ts'
import type { AskPage } from './walk.ts'

/** What may agree with empty answers, besides the exchange's rows. */
export type OtherEvidence = {
  /** The server's clock, read before the first request. */
  readonly now: Micros
  /** Stretches that an earlier run requested and left unconfirmed. */
  readonly unconfirmed: Coverage
  /** Stretches missing from archive files read in this run. */
  readonly lacking: Coverage
  /**
   * Those of them that lie between klines of one file. A truncated file lacks klines at its ends, so its ends prove
   * nothing about a hole that rows follow, nor about a symbol that trades.
   */
  readonly between: Coverage
  /** Does exchangeInfo say that the symbol trades? False for a symbol it does not list; `undefined`: no answer. */
  readonly isTrading: () => Promise<boolean | undefined>
  /**
   * When the symbol was listed, by rows of another kind: for those that are not served from the beginning of time, so
   * that the first one served is not the first of all.
   */
  readonly listedAt?: () => Promise<Micros | undefined>
}

const DAY = 86_400_000_000n
/** A hole between rows is final when older than this: the exchange fills holes within hours. */
const SETTLED = 2n * DAY
/** An empty answer in a later run counts when the stretch is at least this old. */
const ASKED_LATER = DAY

/** Finds out why stretches of one walk have no klines. Sees all rows of the walk. */
export class KlineEvidence {
  readonly #ask: AskPage
  readonly #otherEvidence: OtherEvidence & {
    /** Does the lake hold rows before the walk's window? */
    readonly hasRowsBefore: boolean
  }
  readonly #signal: AbortSignal | undefined
  #oldest: Micros | undefined
  #newest: Micros | undefined
  #first: Promise<Micros | undefined> | undefined

  constructor(
    ask: AskPage,
    otherEvidence: OtherEvidence & { readonly hasRowsBefore: boolean },
    signal: AbortSignal | undefined,
  ) {
    this.#ask = ask
    this.#otherEvidence = otherEvidence
    this.#signal = signal
  }

  /** Takes note of rows that the walk received. */
  see({ keys, rowCount }: Page): void {
    const [first, last] = [keys[0], keys[rowCount - 1]]
    if (first === undefined || last === undefined) return
    if (this.#oldest === undefined || first < this.#oldest) this.#oldest = micros(first)
    if (this.#newest === undefined || last > this.#newest) this.#newest = micros(last)
  }

  /**
   * Gives each stretch its reason, in parts where reasons differ. Where a request fails, the part is unconfirmed, so
   * that no received row is lost to a failure here.
   */
  async explain(
    gaps: readonly Window[],
  ): Promise<{ readonly gaps: readonly Gap[]; readonly failure?: { readonly error: unknown } }> {
    const explained: Gap[] = []
    let failure: { readonly error: unknown } | undefined
    for (const gap of gaps)
      try {
        if (failure === undefined) explained.push(...(await this.#reasonsOf(gap)))
        else explained.push({ ...gap, reason: 'unconfirmed' })
      } catch (error) {
        failure = { error }
        explained.push({ ...gap, reason: 'unconfirmed' })
      }
    return failure === undefined ? { gaps: explained } : { gaps: explained, failure }
  }

  async #reasonsOf(gap: Window): Promise<readonly Gap[]> {
    const { listedAt, hasRowsBefore, isTrading } = this.#otherEvidence
    const first = await this.#firstBefore(gap)
    if (first === undefined && listedAt === undefined) {
      // The exchange has nothing from the beginning of time on. Stored rows contradict that.
      const isKnown = !hasRowsBefore && (await isTrading()) === false
      return [{ ...gap, reason: isKnown ? 'before-listing' : 'unconfirmed' }]
    }
    if (first === undefined || first < gap.from) return this.#reasonsSince(gap)
    if (gap.to <= first) return [{ ...gap, reason: 'before-listing' }]
    // The exchange names a row of the very stretch for which it returns none.
    if (listedAt === undefined) return [{ ...gap, reason: 'unconfirmed' }]
    const before: readonly Gap[] =
      gap.from < first ? [{ from: gap.from, to: first, reason: 'before-listing' }] : []
    return [...before, ...(await this.#reasonsSince({ from: first, to: gap.to }))]
  }

  /** Of a stretch after the listing. */
  async #reasonsSince(gap: Window): Promise<readonly Gap[]> {
    const { now, unconfirmed, lacking, between } = this.#otherEvidence
    const past = { from: gap.from, to: micros(now - ASKED_LATER) }
    const asked = past.from < past.to ? clip(clip(unconfirmed, gap), past) : []
    if (await this.#hasRowAfter(gap.to)) {
      const isSettled = gap.to + SETTLED <= now
      return partsOf(gap, isSettled ? [gap] : union(asked, clip(between, gap)), 'outage')
    }
    const isTrading = await this.#otherEvidence.isTrading()
    // A host that lags may lack the last rows of a symbol that stopped trading today.
    const isOver = isTrading === false && gap.from + ASKED_LATER <= now
    if (isOver) return [{ ...gap, reason: 'after-delisting' }]
    // A symbol that trades has klines: its status contradicts empty answers at the open end, however many there are.
    const known = isTrading === true ? clip(between, gap) : union(asked, clip(lacking, gap))
    return partsOf(gap, known, 'after-delisting')
  }

  /** A row before the stretch that this walk received; otherwise the first of all or the listing, requested once. */
  async #firstBefore({ from }: Window): Promise<Micros | undefined> {
    if (this.#oldest !== undefined && this.#oldest < from) return this.#oldest
    this.#first ??= this.#otherEvidence.listedAt?.() ?? this.#openFrom(0n)
    return this.#first
  }

  async #hasRowAfter(to: Micros): Promise<boolean> {
    if (this.#newest !== undefined && this.#newest >= to) return true
    return (await this.#openFrom(floorDiv(to + 999n, 1_000n))) !== undefined
  }

  async #openFrom(startTime: bigint): Promise<Micros | undefined> {
    const page = await this.#ask({ startTime, limit: 1 }, () => undefined, this.#signal)
    const open = page.keys[0]
    if (open === undefined) return undefined
    this.see(page)
    return micros(open)
  }
}

/** A stretch in parts: the `known` ones with `reason`, the others unconfirmed. */
function partsOf(gap: Window, known: Coverage, reason: GapReason): readonly Gap[] {
  return [
    ...intersect([gap], known).map((part) => ({ ...part, reason })),
    ...subtractAll([gap], known).map((part): Gap => ({ ...part, reason: 'unconfirmed' })),
  ].sort((a, b) => (a.from < b.from ? -1 : 1))
}
