/** Klines held against what is made of shorter ones, or of trades: two streams in the order of time. */

import { covers, type Coverage } from '../../base/coverage.ts'
import { formatMicros, type Micros, type Window } from '../../base/time.ts'
import type { Grid } from '../../resample/grid.ts'
import { differences, type Difference, type Exactness, type Kline } from './bars.ts'

/** What was found in one slot. */
export type SlotFinding =
  | { readonly kind: 'differs'; readonly slot: Window; readonly differences: readonly Difference[] }
  | { readonly kind: 'whole-missing'; readonly slot: Window; readonly trades: number }
  | { readonly kind: 'parts-missing'; readonly slot: Window; readonly trades: number }

/** Two sides of a comparison, some klines at a time, each in order. */
export type Sides = {
  readonly whole: AsyncIterable<readonly Kline[]>
  readonly parts: AsyncIterable<readonly Kline[]>
  readonly grid: Grid
  /** What both sides cover. */
  readonly common: Coverage
  readonly exactness: Exactness
  /** Has a quiet slot, in which nothing was traded, no parts? So it is where these are trades. */
  readonly mayBeQuiet: boolean
}

/** Compares slot by slot those that both sides cover as a whole; counts them. */
export async function* compareKlines(
  sides: Sides,
  count: (slots: number) => void,
): AsyncGenerator<SlotFinding, void, void> {
  const { grid, common, exactness, mayBeQuiet } = sides
  const whole = new Cursor(sides.whole)
  const parts = new Cursor(sides.parts)
  const slotOf = (kline: Kline | undefined): Micros | undefined => kline && grid.floor(kline.opened)
  for (;;) {
    const [a, b] = [await whole.peek(), await parts.peek()]
    const [atA, atB] = [slotOf(a), slotOf(b)]
    const from = atA === undefined || (atB !== undefined && atB < atA) ? atB : atA
    if (from === undefined) return
    const slot = { from, to: grid.next(from) }
    const [inWhole, inParts] = [atA === from ? a : undefined, atB === from ? b : undefined]
    if (inWhole !== undefined) whole.next()
    if (inParts !== undefined) parts.next()
    if (!covers(common, slot)) continue
    count(1)
    if (inWhole === undefined)
      yield { kind: 'whole-missing', slot, trades: inParts?.tradeCount ?? 0 }
    else if (inParts === undefined) {
      const isQuiet = inWhole.tradeCount === 0 && inWhole.volume.units === 0n
      if (!(mayBeQuiet && isQuiet))
        yield { kind: 'parts-missing', slot, trades: inWhole.tradeCount }
    } else {
      const found = differences(inWhole, inParts, exactness)
      if (found.length > 0) yield { kind: 'differs', slot, differences: found }
    }
  }
}

/** Reads a stream of lists one at a time. */
class Cursor<T> {
  readonly #stream: AsyncIterator<readonly T[]>
  #list: readonly T[] = []
  #at = 0

  constructor(stream: AsyncIterable<readonly T[]>) {
    this.#stream = stream[Symbol.asyncIterator]()
  }

  async peek(): Promise<T | undefined> {
    while (this.#at >= this.#list.length) {
      const next = await this.#stream.next()
      if (next.done === true) return undefined
      this.#list = next.value
      this.#at = 0
    }
    return this.#list[this.#at]
  }

  next(): void {
    this.#at += 1
  }
}

/** A finding in words. */
export function slotWords(
  finding: SlotFinding,
  names: { readonly whole: string; readonly parts: string },
): string {
  const at = formatMicros(finding.slot.from)
  const { whole, parts } = names
  switch (finding.kind) {
    case 'differs':
      return `${at}: ${finding.differences.map((one) => differenceWords(one, names)).join('; ')}`
    case 'whole-missing':
      return `${at}: ${whole} has no row, and ${parts} has ${trades(finding.trades)}: what is omitted is the row of ${whole}`
    case 'parts-missing':
      return `${at}: ${parts} has no row, and ${whole} has ${trades(finding.trades)}: what is omitted are rows of ${parts}`
  }
}

function trades(count: number): string {
  return count === 1 ? '1 trade' : `${count} trades`
}

function differenceWords(
  { column, whole, parts, allowed }: Difference,
  names: { readonly whole: string; readonly parts: string },
): string {
  const bound = allowed === 0 ? 'they must be equal' : `they may be ${allowed} apart`
  return `${column} is ${whole} in ${names.whole} and ${parts} in ${names.parts}; ${bound}`
}
