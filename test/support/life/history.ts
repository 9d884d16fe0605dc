/** Random histories: listing, delisting, relisting, outages that stay and that fill later, bursts, disorder, restatements. */

import { micros, parseMicros, type Micros, type Window } from '../../../src/base/time.ts'
import { gridCeil, gridNext, type Interval } from '../../../src/binance/interval.ts'
import type { SeriesKey } from '../../../src/binance/series.ts'
import { diceOf, mixText, type Dice } from './dice.ts'
import { tradesOf } from './history-trades.ts'
import { closeOf, type SeriesTruth, type SymbolTruth, type Truth, type TruthRow } from './truth.ts'

export const SECOND = 1_000_000n
export const HOUR: bigint = 3_600n * SECOND
export const DAY: bigint = 24n * HOUR

/** Where jobs begin to ask, and where they end. */
export const ORIGIN: Micros = parseMicros('2026-03-30')
/** @see {@link ORIGIN} */
export const END: Micros = micros(ORIGIN + 4n * DAY)

/** There are rows from here on, and up to {@link LAST}: before and after what is asked for, as witnesses. */
export const FIRST: Micros = micros(ORIGIN - DAY)
const LAST = micros(END + DAY)

/** Rows that come late come within this time: later, the rules may hold them for absent for good. */
const LATE_MAX = 20n * HOUR

/** What histories may have in them. */
export type HistoryOptions = {
  readonly hasLateRows: boolean
  readonly hasDisorder: boolean
  readonly hasRestatements: boolean
  readonly hasNewIds: boolean
}

/** A stretch without rows; `filledAt`: when they come after all. */
export type Outage = Window & { readonly filledAt: Micros | undefined }

/** The story of a symbol, of which its series are made. */
export type Story = {
  readonly listed: readonly Window[]
  readonly outages: readonly Outage[]
  readonly hasNewIds: boolean
  readonly options: HistoryOptions
}

/** A history by its seed. */
export function historyOf(seed: number, options: HistoryOptions): Truth {
  const dice = diceOf(mixText(seed, 'history'))
  const names = dice.chance(0.2) ? ['AAAUSDT', 'BBBUSDT'] : ['AAAUSDT']
  return { seed, symbols: names.map((symbol) => symbolOf(symbol, seed, dice, options)) }
}

const KINDS = ['1h', '15m', 'aggTrades', 'trades'] as const

function symbolOf(symbol: string, seed: number, dice: Dice, options: HistoryOptions): SymbolTruth {
  const listed = listingOf(dice)
  const story: Story = {
    listed,
    outages: outagesOf(listed, dice, options),
    hasNewIds: listed.length > 1 && options.hasNewIds && dice.chance(0.3),
    options,
  }
  const { trades, aggTrades } = tradesOf(story, dice)
  const served = KINDS.map((kind): SeriesTruth => {
    const salt = mixText(seed, `${symbol}/${kind}`)
    if (kind === 'trades')
      return { key: { market: 'spot', dataset: kind, symbol }, salt, rows: trades }
    if (kind === 'aggTrades')
      return { key: { market: 'spot', dataset: kind, symbol }, salt, rows: aggTrades }
    const key: SeriesKey = { market: 'spot', dataset: 'klines', symbol, interval: kind }
    return { key, salt, rows: klinesOf(kind, story, dice) }
  })
  return { symbol, listed, hasNewIds: story.hasNewIds, served, series: dice.some(served) }
}

function listingOf(dice: Dice): readonly Window[] {
  const at = (least: number, most: number): Micros =>
    micros(ORIGIN + BigInt(dice.whole(least * 60, most * 60)) * 60n * SECOND)
  const from = dice.chance(0.5) ? FIRST : at(1, 35)
  if (dice.chance(0.6)) return [{ from, to: LAST }]
  const gone = at(40, 70)
  if (dice.chance(0.4)) return [{ from, to: gone }]
  return [
    { from, to: gone },
    { from: micros(gone + BigInt(dice.whole(2, 30)) * HOUR), to: LAST },
  ]
}

function outagesOf(
  listed: readonly Window[],
  dice: Dice,
  { hasLateRows }: HistoryOptions,
): readonly Outage[] {
  const outages: Outage[] = []
  for (let count = dice.whole(0, 3); count > 0; count--) {
    const isLate = hasLateRows && dice.chance(0.5)
    const from = micros(ORIGIN + BigInt(dice.whole(0, 90 * 60)) * 60n * SECOND)
    const to = micros(from + BigInt(dice.whole(20, isLate ? 480 : 1_800)) * 60n * SECOND)
    const filledAt = micros(to + BigInt(dice.whole(5, 660)) * 60n * SECOND)
    // What comes late just before the end of trading may pass for never having been.
    const isNearEnd = listed.some(
      (window) => window.to !== LAST && from < window.to && window.to < to + DAY,
    )
    outages.push({ from, to, filledAt: isLate && !isNearEnd ? filledAt : undefined })
  }
  return outages
}

/** When a row of `time` is there: `undefined` when never. The first row of all never comes late. */
export function visibleAt(
  { listed, outages, options }: Story,
  time: Micros,
  plainly: Micros,
  isFirst: boolean,
): Micros | undefined {
  if (!listed.some(({ from, to }) => from <= time && time < to)) return undefined
  const outage = outages.find(({ from, to }) => from <= time && time < to)
  if (outage === undefined) return plainly
  if (outage.filledAt === undefined || !options.hasLateRows) return undefined
  const late = outage.filledAt < time + LATE_MAX ? outage.filledAt : micros(time + LATE_MAX)
  return isFirst || late < plainly ? plainly : late
}

function klinesOf(interval: Interval, story: Story, dice: Dice): readonly TruthRow[] {
  const rows: TruthRow[] = []
  for (let slot = gridCeil(interval, FIRST); slot < LAST; slot = gridNext(interval, slot)) {
    const end = closeOf(interval, slot)
    const open = openIn(story, { from: slot, to: end }, dice)
    if (open === undefined) continue
    const visibleFrom = visibleAt(story, open, end, rows.length === 0)
    if (visibleFrom === undefined) continue
    const isRestated = story.options.hasRestatements && dice.chance(0.03)
    const restatedAt = micros(visibleFrom + BigInt(dice.whole(1, 60)) * HOUR)
    rows.push({ key: open, time: open, visibleFrom, ...(isRestated ? { restatedAt } : {}) })
  }
  return rows
}

/** Where in its slot a kline opens: off the grid, or not at all, where it is down when the slot begins. */
function openIn({ listed, outages }: Story, slot: Window, dice: Dice): Micros | undefined {
  const isDown = (time: Micros): boolean =>
    !listed.some(({ from, to }) => from <= time && time < to) ||
    outages.some(({ from, to, filledAt }) => filledAt === undefined && from <= time && time < to)
  if (!isDown(slot.from)) return slot.from
  const ends = [...listed.map(({ from }) => from), ...outages.map(({ to }) => to)]
  const open = ends.find((time) => slot.from < time && time < slot.to && !isDown(time))
  return open !== undefined && dice.chance(0.5) ? open : undefined
}
