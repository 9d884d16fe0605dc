/**
 * Why a stretch has no klines. Empty answers alone prove nothing: a stretch is a known gap only where something else
 * agrees with them, and `unconfirmed` otherwise (CONTRACT, the manifest: "An empty answer is not proof").
 */

import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { Gap, GapReason } from '../base/gap.ts'
import { floorDiv, micros, type Micros, type Window } from '../base/time.ts'
import type { Page } from '../rows/page.ts'
import type { AskPage } from './walk.ts'

/** What may agree with empty answers, beside the exchange's rows. */
export type KlineWitnesses = {
  /** The server's clock, read before the first request. */
  readonly now: Micros
  /** Stretches that an earlier run asked for and left unconfirmed. */
  readonly doubted: Coverage
  /** Stretches that files of the archive lack, as read in this run. */
  readonly lacking: Coverage
  /**
   * Those of them that lie between klines of one file. A file that is cut lacks klines at its ends, so that its ends say
   * nothing of a hole that rows follow, nor of a symbol that trades.
   */
  readonly between: Coverage
  /** Does exchangeInfo say that the symbol trades? One that it does not know does not; `undefined`: no answer. */
  readonly isTrading: () => Promise<boolean | undefined>
}

const DAY = 86_400_000_000n
/** Between rows, what is older than this was empty for good: the exchange fills holes within hours. */
const SETTLED = 2n * DAY
/** A later run's empty answer counts when the stretch is at least this old. */
const ASKED_LATER = DAY

/** Finds out why stretches of one walk have no klines. Sees all rows of the walk. */
export class KlineEvidence {
  readonly #ask: AskPage
  readonly #witnesses: KlineWitnesses & {
    /** Does the lake hold rows of before the walk's window? */
    readonly hasRowsBefore: boolean
  }
  readonly #signal: AbortSignal | undefined
  #oldest: Micros | undefined
  #newest: Micros | undefined
  #first: Promise<Micros | undefined> | undefined

  constructor(
    ask: AskPage,
    witnesses: KlineWitnesses & { readonly hasRowsBefore: boolean },
    signal: AbortSignal | undefined,
  ) {
    this.#ask = ask
    this.#witnesses = witnesses
    this.#signal = signal
  }

  /** Takes note of rows that the walk was sent. */
  see({ keys, rowCount }: Page): void {
    const [first, last] = [keys[0], keys[rowCount - 1]]
    if (first === undefined || last === undefined) return
    if (this.#oldest === undefined || first < this.#oldest) this.#oldest = micros(first)
    if (this.#newest === undefined || last > this.#newest) this.#newest = micros(last)
  }

  /**
   * Gives stretches their reasons, in parts where these differ. What cannot be asked about is unconfirmed, so that no row
   * that came is lost to a failure here.
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
    const first = await this.#firstBefore(gap)
    if (first === undefined) {
      // Nothing is served from the beginning of time on. Stored rows contradict that.
      const { hasRowsBefore, isTrading } = this.#witnesses
      const isKnown = !hasRowsBefore && (await isTrading()) === false
      return [{ ...gap, reason: isKnown ? 'before-listing' : 'unconfirmed' }]
    }
    if (gap.to <= first) return [{ ...gap, reason: 'before-listing' }]
    // The exchange names a row of the very stretch that it sends no row of.
    if (first >= gap.from) return [{ ...gap, reason: 'unconfirmed' }]
    const { now, doubted, lacking, between } = this.#witnesses
    const past = { from: gap.from, to: micros(now - ASKED_LATER) }
    const asked = past.from < past.to ? clip(clip(doubted, gap), past) : []
    if (await this.#hasRowAfter(gap.to)) {
      const isSettled = gap.to + SETTLED <= now
      return partsOf(gap, isSettled ? [gap] : union(asked, clip(between, gap)), 'outage')
    }
    const isTrading = await this.#witnesses.isTrading()
    // A host that lags may lack the last rows of a symbol that stopped trading today.
    const isOver = isTrading === false && gap.from + ASKED_LATER <= now
    if (isOver) return [{ ...gap, reason: 'after-delisting' }]
    // A symbol that trades has klines: empty answers at its open end are contradicted, however often they come.
    const known = isTrading === true ? clip(between, gap) : union(asked, clip(lacking, gap))
    return partsOf(gap, known, 'after-delisting')
  }

  /** A row of before the stretch that this walk was sent; else the first of all, asked for once. */
  async #firstBefore({ from }: Window): Promise<Micros | undefined> {
    if (this.#oldest !== undefined && this.#oldest < from) return this.#oldest
    this.#first ??= this.#openFrom(0n)
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

/** A stretch in parts: `known` ones for `reason`, the others unconfirmed. */
function partsOf(gap: Window, known: Coverage, reason: GapReason): readonly Gap[] {
  return [
    ...intersect([gap], known).map((part) => ({ ...part, reason })),
    ...subtractAll([gap], known).map((part): Gap => ({ ...part, reason: 'unconfirmed' })),
  ].sort((a, b) => (a.from < b.from ? -1 : 1))
}
