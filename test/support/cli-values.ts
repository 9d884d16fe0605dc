/** Plans and summaries as the library gives them, for the CLI's tests. */

import {
  parseMicros,
  type Plan,
  type Rewritten,
  type SeriesPlan,
  type SeriesResult,
  type Summary,
  type Task,
  type Window,
} from '../../src/index.ts'
import { rewrittenInAll } from '../../src/plan/rewritten.ts'
import { speedOf } from '../../src/plan/speed.ts'

/** What is written where nothing was. */
export const NOTHING_REWRITTEN: Rewritten = { partitions: 0, rows: 0, bytes: 0 }

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
    rewritten: NOTHING_REWRITTEN,
    tasks: tasksOf(part),
    sources: [],
    restFirst: [],
    requests: 0,
    weight: 0,
    rows: 0,
    bytes: 0,
    ...part,
  }
}

/** One task of REST at 5,400 weight a minute, and one of files, where the series has any. */
function tasksOf({ weight = 0, requests = 0, archive }: Partial<SeriesPlan>): readonly Task[] {
  const key = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const
  const span = window('2024-01-01', '2024-01-02')
  const cost = { requests, weight, rows: 0, bytes: 0, seconds: (weight / 5400) * 60 }
  const files = { requests: 0, weight: 0, rows: 0, bytes: archive?.bytes ?? 0, seconds: 1 }
  return [
    ...(archive === undefined
      ? []
      : [{ key, source: 'archive', window: span, files: [], cost: files } as const]),
    ...(weight === 0 ? [] : [{ key, source: 'rest', window: span, cost } as const]),
  ]
}

/** A plan of `series` at 5,400 weight a minute. */
export function plan(series: readonly SeriesPlan[]): Plan {
  const sum = (pick: (one: SeriesPlan) => number): number =>
    series.reduce((total, one) => total + pick(one), 0)
  const weight = sum((one) => one.weight)
  return {
    series,
    speed: speedOf({ weightPerMinute: 5400, pagesAtOnce: 8 }),
    total: {
      requests: sum((one) => one.requests),
      weight,
      rows: sum((one) => one.rows),
      bytes: sum((one) => one.bytes),
      minutes: weight / 5400,
      rewritten: rewrittenInAll(series.map(({ rewritten }) => rewritten)),
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
  rewritten: NOTHING_REWRITTEN,
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
    rewritten: NOTHING_REWRITTEN,
    seconds: 3.2,
    series: [RESULT],
    exit: 0,
    ...part,
  }
}
