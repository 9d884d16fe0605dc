import { describe, expect, test } from 'vitest'
import type { Progress } from '../../src/index.ts'
import { planDocument } from '../../src/cli/command/plan.ts'
import { statusDocument } from '../../src/cli/command/status.ts'
import { verifyDocument } from '../../src/cli/command/verify.ts'
import { progressDocument } from '../../src/cli/running.ts'
import { plan, seriesPlan, summary, window } from '../support/cli-values.ts'
import '../support/cli-library.ts'

const KEY = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const

/** What a script reads: the document through JSON, so that a bigint anywhere fails the test. */
function written(document: object): unknown {
  return JSON.parse(JSON.stringify(document))
}

/** As where no file is written in the place of another. */
const rewritten = { partitions: 0, rows: 0, bytes: 0 }

const speed = {
  weightPerMinute: 5400,
  pageSeconds: 0.15,
  fileSeconds: 0.5,
  bytesPerSecond: 10_000_000,
  measured: [],
}

test('plan: the shape of the contract', () => {
  const document = planDocument(
    plan([
      seriesPlan({
        missing: [window('2024-03-01', '2024-03-02')],
        requests: 2,
        weight: 4,
        rows: 1440,
        bytes: 64_800,
        sources: [{ source: 'rest', why: 'faster', seconds: 0.04 }],
      }),
      seriesPlan({
        key: { market: 'spot', dataset: 'myTrades', symbol: 'BTCUSDT', account: 'main' },
        recheck: [window('2024-03-01', '2024-03-02')],
      }),
    ]),
  )
  expect(written(document)).toEqual({
    series: [
      {
        ...KEY,
        missing: [{ from: '2024-03-01T00:00:00.000000Z', to: '2024-03-02T00:00:00.000000Z' }],
        source: 'auto',
        sources: [{ source: 'rest', why: 'faster', seconds: 0.04 }],
        requests: 2,
        weight: 4,
        rows: 1440,
        bytes: 64_800,
        rewritten,
      },
      {
        market: 'spot',
        dataset: 'myTrades',
        symbol: 'BTCUSDT',
        account: 'main',
        missing: [],
        recheck: [{ from: '2024-03-01T00:00:00.000000Z', to: '2024-03-02T00:00:00.000000Z' }],
        source: 'auto',
        requests: 0,
        weight: 0,
        rows: 0,
        bytes: 0,
        rewritten,
      },
    ],
    speed,
    total: { requests: 2, weight: 4, minutes: 4 / 5400, rows: 1440, bytes: 64_800, rewritten },
  })
})

test('status: the shape of the contract; wanted only with jobs, revisions only when asked for', () => {
  const span = { from: '2024-03-01T00:00:00.000000Z', to: '2024-03-02T00:00:00.000000Z' }
  const one = {
    ...KEY,
    wanted: [span],
    covered: [span],
    missing: [],
    unconfirmed: [],
    gaps: [{ ...span, reason: 'outage' }],
    rows: 1,
    partitions: 1,
    bytes: 10,
    verdict: 'complete with 1 known gap',
    revisions: [],
  } as const
  const { wanted, revisions, ...rest } = one
  expect(written(statusDocument({ series: [one], now: '' }, true))).toEqual({ series: [one] })
  expect(written(statusDocument({ series: [{ ...rest, revisions }], now: '' }, false))).toEqual({
    series: [rest],
  })
  expect(wanted).toHaveLength(1)
})

test('verify: keys are flattened', () => {
  const verdict = {
    verdict: 'complete',
    missing: [],
    unconfirmed: [],
    partitions: 1,
    rows: 2,
  }
  const totals = { ok: true, findings: [], partitions: 1, rows: 2, bytes: 3, seconds: 0.5 }
  expect(written(verifyDocument({ ...totals, series: [{ key: KEY, ...verdict }] }))).toEqual({
    ...totals,
    series: [{ ...KEY, ...verdict }],
  })
})

describe('run: one object for each step', () => {
  const usage = { requests: 1, weight: 2, used: 2, limit: 5400 }
  const span = { from: '2024-03-01T00:00:00.000000Z', to: '2024-03-02T00:00:00.000000Z' }
  const result = summary({}).series[0]!
  const flatResult = {
    ...KEY,
    complete: false,
    upToDate: false,
    rows: 44_640,
    partitions: 1,
    bytes: 2_000_000,
    rewritten,
    revisions: 0,
    missing: [span],
    unconfirmed: [],
    error: { code: 'E_REJECTED', message: 'Invalid symbol.' },
  }
  const failed = {
    ...result,
    complete: false,
    upToDate: false,
    missing: [window('2024-03-01', '2024-03-02')],
    error: { code: 'E_REJECTED', message: 'Invalid symbol.' },
  }
  const steps: readonly (readonly [Progress, object])[] = [
    [
      { kind: 'plan', plan: plan([]) },
      {
        kind: 'plan',
        series: [],
        total: { requests: 0, weight: 0, minutes: 0, rows: 0, bytes: 0, rewritten },
      },
    ],
    [
      { kind: 'rows', key: KEY, rows: 1000, reached: span.from, done: 0.5, secondsLeft: 9, usage },
      { kind: 'rows', ...KEY, rows: 1000, reached: span.from, done: 0.5, secondsLeft: 9, usage },
    ],
    [
      {
        kind: 'committed',
        key: KEY,
        period: '2024-03',
        path: 'spot/x',
        rows: 1,
        bytes: 2,
        revisions: 0,
      },
      {
        kind: 'committed',
        ...KEY,
        period: '2024-03',
        path: 'spot/x',
        rows: 1,
        bytes: 2,
        revisions: 0,
      },
    ],
    [
      { kind: 'gap', key: KEY, window: span, reason: 'outage' },
      { kind: 'gap', ...KEY, window: span, reason: 'outage' },
    ],
    [
      { kind: 'wait', reason: 'limit', message: 'rate limit', ms: 14_000 },
      { kind: 'wait', reason: 'limit', message: 'rate limit', ms: 14_000 },
    ],
    [
      { kind: 'warning', message: 'odd' },
      { kind: 'warning', message: 'odd' },
    ],
    [
      { kind: 'warning', key: KEY, message: 'odd' },
      { kind: 'warning', ...KEY, message: 'odd' },
    ],
    [
      { kind: 'series', result: failed },
      { kind: 'series', ...flatResult },
    ],
    [
      summary({ complete: false, exit: 3, series: [failed] }),
      {
        kind: 'summary',
        complete: false,
        rows: 44_640,
        requests: 45,
        weight: 90,
        partitions: 1,
        bytes: 2_000_000,
        rewritten,
        seconds: 3.2,
        series: [flatResult],
        exit: 3,
      },
    ],
  ]

  test.each(steps)('$kind', (item, expected) => {
    expect(written(progressDocument(item))).toEqual(expected)
  })
})
