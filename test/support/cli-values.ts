/** Plans and summaries as the library gives them, for the CLI's tests. */

import {
  parseMicros,
  type Plan,
  type SeriesPlan,
  type SeriesResult,
  type Summary,
  type Window,
} from '../../src/index.ts'

/** A window from two dates or date-times. */
export function window(from: string, to: string): Window {
  return { from: parseMicros(from), to: parseMicros(to) }
}

/** One series of a plan, covered unless told otherwise. */
export function seriesPlan(part: Partial<SeriesPlan>): SeriesPlan {
  return {
    key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' },
    wanted: [],
    settings: {
      source: 'auto',
      numbers: 'float64',
      compression: 'zstd',
      settle: 60_000_000n,
      partition: undefined,
    },
    missing: [],
    recheck: [],
    pace: { rowsPerDay: 1_440, rowBytes: 45, isGuess: false },
    seams: [],
    tasks: [],
    requests: 0,
    weight: 0,
    rows: 0,
    bytes: 0,
    ...part,
  }
}

/** A plan of `series` at 5,400 weight a minute. */
export function plan(series: readonly SeriesPlan[]): Plan {
  const sum = (pick: (one: SeriesPlan) => number): number =>
    series.reduce((total, one) => total + pick(one), 0)
  const weight = sum((one) => one.weight)
  return {
    series,
    total: {
      requests: sum((one) => one.requests),
      weight,
      rows: sum((one) => one.rows),
      bytes: sum((one) => one.bytes),
      minutes: weight / 5400,
    },
  }
}

const RESULT: SeriesResult = {
  key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' },
  complete: true,
  upToDate: true,
  rows: 44_640,
  partitions: 1,
  bytes: 2_000_000,
  revisions: 0,
  missing: [],
  unconfirmed: [],
}

/** The summary of one month of one series, complete unless told otherwise. */
export function summary(part: Partial<Summary>): Summary {
  return {
    kind: 'summary',
    complete: true,
    rows: 44_640,
    requests: 45,
    weight: 90,
    partitions: 1,
    bytes: 2_000_000,
    seconds: 3.2,
    series: [RESULT],
    exit: 0,
    ...part,
  }
}
