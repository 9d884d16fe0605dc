/** Ids and times of trades do not always increase together. */

/**
 * How far, in microseconds, times are assumed to go back while ids increase. Real rows went back by 0.9 s (BTCUSDT,
 * 2017). If they go back further, no row is lost, but more is requested again.
 */
export const DISORDER = 10_000_000n

/** Rows of an account may come later than rows with a later time, but not later than this. In microseconds. */
export const INTERLEAVE = 3_600_000_000n
