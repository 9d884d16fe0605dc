/** Longer klines by another way than the product's: in plain numbers and scaled integers, straight from rows. */

import { micros } from '../../src/base/time.ts'
import type { Kline } from '../../src/simulator/index.ts'

/** A slot's `[from, to)` in microseconds. */
export type SlotOf = (open: number) => readonly [number, number]

const SCALE = 100_000_000n

function scaled(text: string): bigint {
  const [whole = '', decimals = ''] = text.split('.')
  return BigInt(whole) * SCALE + BigInt(decimals.padEnd(8, '0'))
}

function total(texts: readonly string[]): string {
  const sum = texts.map(scaled).reduce((a, b) => a + b)
  return `${sum / SCALE}.${String(sum % SCALE).padStart(8, '0')}`
}

function extreme(texts: readonly string[], sign: 1 | -1): string {
  return texts.reduce((a, b) => ((scaled(b) > scaled(a) ? 1 : -1) * sign > 0 ? b : a))
}

/** What the exchange serves of `rows` in longer slots. */
export function longer(rows: readonly Kline[], slotOf: SlotOf): Kline[] {
  const slots = new Map<number, Kline[]>()
  for (const row of rows) {
    const [from] = slotOf(Number(row.openTime))
    slots.set(from, [...(slots.get(from) ?? []), row])
  }
  return [...slots].map(([from, inside]) => ({
    openTime: micros(BigInt(from)),
    open: inside[0]!.open,
    high: extreme(
      inside.map(({ high }) => high),
      1,
    ),
    low: extreme(
      inside.map(({ low }) => low),
      -1,
    ),
    close: inside.at(-1)!.close,
    volume: total(inside.map(({ volume }) => volume)),
    closeTime: micros(BigInt(slotOf(from)[1] - 1)),
    quoteVolume: total(inside.map(({ quoteVolume }) => quoteVolume)),
    tradeCount: inside.reduce((sum, { tradeCount }) => sum + tradeCount, 0),
    takerVolume: total(inside.map(({ takerVolume }) => takerVolume)),
    takerQuoteVolume: total(inside.map(({ takerQuoteVolume }) => takerQuoteVolume)),
  }))
}

const HOUR = 3_600e6
const DAY = 24 * HOUR

/** Slots of a fixed length. */
export function fixedSlots(step: number, phase = 0): SlotOf {
  return (open) => {
    const from = Math.floor((open - phase) / step) * step + phase
    return [from, from + step]
  }
}

/** Slots of whole months. */
export const monthSlots: SlotOf = (open) => {
  const date = new Date(open / 1000)
  const start = (months: number): number =>
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) * 1000
  return [start(0), start(1)]
}

/** The exchange's slots; those of 3d lie as the stand-in has them. */
export const EXCHANGE_SLOTS = {
  '2h': fixedSlots(2 * HOUR),
  '12h': fixedSlots(12 * HOUR),
  '1d': fixedSlots(DAY),
  '3d': fixedSlots(3 * DAY, DAY),
  '1w': fixedSlots(7 * DAY, 4 * DAY),
  '1M': monthSlots,
} as const satisfies Record<string, SlotOf>
