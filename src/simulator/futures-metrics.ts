/** Files of open interest and ratios: text labels of five minutes, in disorder, some of them twice. */

import type { Window } from '../base/time.ts'
import { decimalText } from './decimal.ts'
import { mix, seedOf } from './hash.ts'

const STEP_MS = 300_000
const DAY_MS = 86_400_000
/** Until then labels of USD-M are the ends of their five minutes (binance-public-data, issue 491). */
const STARTS_FROM = Date.UTC(2026, 5, 25)
/** Files before have each row twice (audit of 2026-09-14). */
const DOUBLED_UNTIL = Date.UTC(2021, 4, 24)
/** Files since have sixteen decimals. */
const LONG_FROM = Date.UTC(2025, 0, 1)

/** One row as the market was. */
export type Metrics = {
  /** When its stocks were taken, in ms. */
  readonly ms: number
  /** As the file has them; empty for what it does not know. */
  readonly values: readonly string[]
}

/** Whose file it is. */
type MetricsOf = { readonly symbol: string; readonly market: 'um' | 'cm' }

/** The state at the end of five minutes. */
export function metricsAt({ symbol, market }: MetricsOf, ms: number): Metrics {
  const seed = seedOf(`${symbol} metrics`, 1)
  const long = ms - STEP_MS >= LONG_FROM ? '00000000' : ''
  const value = (index: number, range: number): string =>
    decimalText((mix(seed ^ index, Math.floor(ms / 1000)) >>> 0) % range, 8)
  const hasRatios = market === 'um' || ms >= Date.UTC(2024, 0, 1)
  const ratio = (index: number): string => (hasRatios ? value(index, 5e8) : '""')
  return {
    ms,
    values: [
      `${value(0, 2 ** 32)}${long}`,
      `${value(1, 2 ** 32)}${long}`,
      ...[2, 3, 4].map(ratio),
      value(5, 3e8),
    ],
  }
}

/** Does a file of this day label the starts? */
export function labelsStarts(market: 'um' | 'cm', dayMs: number): boolean {
  return market === 'cm' || dayMs >= STARTS_FROM
}

/** The lines of a day's file, without header. */
export function metricsLines(of: MetricsOf, { from, to }: Window): string[] {
  const [first, end] = [Number(from / 1000n), Number(to / 1000n)]
  const offset = labelsStarts(of.market, first) ? STEP_MS : 0
  const lines: string[] = []
  for (let ms = first + STEP_MS; ms <= end; ms += STEP_MS) {
    const label = new Date(ms - offset).toISOString().slice(0, 19).replace('T', ' ')
    lines.push([label, of.symbol, ...metricsAt(of, ms).values].join(','))
  }
  const turned = [...lines.slice(1, -24), ...lines.slice(0, 1), ...lines.slice(-24).reverse()]
  return end - first === DAY_MS && first < DOUBLED_UNTIL ? [...turned, ...turned] : turned
}
