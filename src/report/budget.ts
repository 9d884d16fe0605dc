/** How much of each series the page holds, so that it stays under 5 MB however many there are. */

/** Shares of one series. */
export type Budget = {
  /** Windows, gaps and revisions that are listed, of each kind. */
  readonly listed: number
  readonly candles: number
}

const LISTED_TOTAL = 8_000
const LISTED_MIN = 5
const LISTED_MAX = 500
const CANDLES_TOTAL = 45_000
const CANDLES_MAX = 1_500

/** Series with candles at most. */
export const CHARTS_MAX = 300

/** Newest rows of a series that are read for its candles when no window is named. */
export const ROWS_MAX = 50_000

/** The share of one of `series` series, of which `charts` have candles. */
export function budgetOf(series: number, charts: number): Budget {
  const share = Math.floor(LISTED_TOTAL / Math.max(1, series))
  return {
    listed: Math.min(LISTED_MAX, Math.max(LISTED_MIN, share)),
    candles: Math.min(CANDLES_MAX, Math.floor(CANDLES_TOTAL / Math.max(1, charts))),
  }
}
