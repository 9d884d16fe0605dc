/** Ids and times of trades do not always rise together. */

/**
 * How far, in microseconds, times are taken to go back while ids go on. Real rows went back by 0.9 s (BTCUSDT, 2017); no
 * row is lost where it is more, but more is asked again.
 */
export const DISORDER = 10_000_000n

/** Rows of an account may come later than rows with a later time, but not later than this. In microseconds. */
export const INTERLEAVE = 3_600_000_000n
