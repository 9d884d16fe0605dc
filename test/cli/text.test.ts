import { createColors } from 'picocolors'
import { describe, expect, test } from 'vitest'
import {
  displayWidth,
  parseMicros,
  UsageError,
  type Plan,
  type SeriesStatus,
  type Summary,
} from '../../src/index.ts'
import { bytes, count, duration, minutesAbout, span, spans } from '../../src/cli/human.ts'
import { findingsText } from '../../src/cli/command/verify.ts'
import { planText, inShort } from '../../src/cli/command/plan.ts'
import { statusTable } from '../../src/cli/command/status.ts'
import { summaryText, unfinishedRun } from '../../src/cli/summary.ts'
import { fit, padded, table } from '../../src/cli/table.ts'
import { window, plan, seriesPlan, summary } from '../support/cli-values.ts'
import '../support/cli-library.ts'

const PLAIN = createColors(false)

/** A multi-line literal without its first line break. */
function text(literal: string): string {
  return literal.replace(/^\n/, '')
}

describe('numbers, sizes and times', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('count %d', (value, expected) => {
    expect(count(value)).toBe(expected)
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [123_456, '123 kB'],
    [999_600, '1.0 MB'],
    [3_900_000_000, '3.9 GB'],
    [5e20, '500000 PB'],
  ])('bytes %d', (value, expected) => {
    expect(bytes(value)).toBe(expected)
  })

  test.each([
    [0.04, '0.0 s'],
    [2, '2 s'],
    [9.94, '9.9 s'],
    [14, '14 s'],
    [59.6, '1 min'],
    [125, '2 min 5 s'],
    [3600, '1 h'],
    [12_000, '3 h 20 min'],
    [86_399, '1 d'],
    [187_200, '2 d 4 h'],
    [Infinity, 'unknown'],
  ])('duration %d s', (value, expected) => {
    expect(duration(value)).toBe(expected)
  })

  test.each([
    [0, 'less than a minute'],
    [1.2, 'about 1 min'],
    [200, 'about 3 h 20 min'],
  ])('minutes %d', (value, expected) => {
    expect(minutesAbout(value)).toBe(expected)
  })

  test.each([
    ['2024-01-01T00:00:00.000000Z', '2024-02-01T00:00:00.000000Z', '2024-01-01 to 2024-02-01'],
    ['2024-01-01T02:00:00.000000Z', '2024-01-01T05:30:00.000000Z', '2024-01-01 02:00 to 05:30'],
    [
      '2024-01-01T00:00:00.000000Z',
      '2024-01-02T05:30:01.000000Z',
      '2024-01-01 00:00 to 2024-01-02 05:30:01',
    ],
    [
      '2024-01-01T00:00:00.000000Z',
      '2024-01-01T00:00:00.000001Z',
      '2024-01-01 00:00 to 00:00:00.000001',
    ],
  ])('span %s to %s', (from, to, expected) => {
    expect(span({ from, to })).toBe(expected)
  })

  test('of many windows the first and the last are named', () => {
    const days = ['01', '03', '05', '07', '09', '11'].map((day) => ({
      from: `2024-01-${day}T00:00:00.000000Z`,
      to: `2024-01-${day}T12:00:00.000000Z`,
    }))
    expect(spans(days)).toEqual([
      '2024-01-01 00:00 to 12:00',
      '2024-01-03 00:00 to 12:00',
      '2024-01-05 00:00 to 12:00',
      'and 3 more, the last 2024-01-11 00:00 to 12:00',
    ])
    expect(spans(days.slice(0, 4))).toHaveLength(4)
    expect(spans([])).toEqual([])
  })
})

describe('tables', () => {
  test('wide characters take two columns', () => {
    expect(
      table(['SYMBOL', 'N'], 'lr', [
        ['币安人生USDT', '1'],
        ['BTCUSDT', '22'],
        'a note, wider than all',
      ]),
    ).toBe(
      text(`
SYMBOL         N
币安人生USDT   1
BTCUSDT       22
  a note, wider than all
`),
    )
    expect(padded('币安', 6)).toBe('币安  ')
    expect(fit('klines 币安人生USDT 15m', 18)).toBe('klines 币安... 15m')
    expect(fit('BTCUSDT', 7)).toBe('BTCUSDT')
  })
})

describe('the plan', () => {
  test('reads like an invoice', () => {
    const three = plan([
      seriesPlan({
        missing: [window('2024-01-01', '2024-03-01')],
        requests: 87,
        weight: 174,
        rows: 86_400,
        bytes: 3_888_000,
      }),
      seriesPlan({
        key: { market: 'spot', dataset: 'klines', symbol: '币安人生USDT', interval: '1h' },
        missing: [
          window('2026-01-01', '2026-02-01'),
          window('2026-03-05T00:30', '2026-03-05T01:00'),
        ],
        recheck: [window('2026-03-05T02:00', '2026-03-05T04:00')],
        requests: 3,
        weight: 6,
        rows: 747,
        bytes: 33_615,
      }),
      seriesPlan({ key: { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } }),
    ])
    expect(planText(three)).toBe(
      text(`
SERIES                        REQUESTS  WEIGHT     ROWS      SIZE
klines BTCUSDT 1m                   87     174  ~86,400   ~3.9 MB
  2024-01-01 to 2024-03-01
klines 币安人生USDT 1h               3       6     ~747  ~33.6 kB
  2026-01-01 to 2026-02-01
  2026-03-05 00:30 to 01:00
  again: 2026-03-05 02:00 to 04:00
TOTAL                               90     180  ~87,147   ~3.9 MB

2 series to fetch: less than a minute at 5,400 weight a minute.
1 more series covered already.
Windows are UTC, without their ends. Figures with ~ are estimates.
`),
    )
    expect(inShort(three)).toBe('to do: 2 series, 90 requests, ~87,147 rows, less than a minute')
  })

  test('tells what comes from the archive, and that the figures are those of REST', () => {
    const missing = [window('2024-01-01', '2024-03-10')]
    const two = plan([
      seriesPlan({
        missing,
        requests: 2,
        weight: 4,
        rows: 99_360,
        bytes: 4_471_200,
        archive: { files: 11, bytes: 3_210_000, requestsSaved: 98 },
        sources: [
          { source: 'archive', why: 'faster', seconds: 2.4, otherSeconds: 4.36 },
          { source: 'rest', why: 'faster', seconds: 0.04, otherSeconds: 0.374 },
        ],
      }),
      seriesPlan({
        key: { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' },
        settings: { ...seriesPlan({}).settings, source: 'archive' },
        missing,
      }),
    ])
    expect(planText(two)).toBe(
      text(`
SERIES                        REQUESTS  WEIGHT     ROWS     SIZE
klines BTCUSDT 1m                    2       4  ~99,360  ~4.5 MB
  archive: 11 files, 3.2 MB in 2.4 s (REST: 4.4 s); saves 98 requests
  REST where faster: under 0.1 s (files: 0.4 s)
  2024-01-01 to 2024-03-10
trades BTCUSDT                       0       0       ~0     ~0 B
  archive: nothing published
  2024-01-01 to 2024-03-10
TOTAL                                2       4  ~99,360  ~4.5 MB

2 series to fetch: less than a minute at 5,400 weight a minute and 10.0 MB of files a second.
From the archive: 11 files, 3.2 MB; requests and weight are what REST takes besides.
Assumed: 0.15 s a page, 0.50 s a file, 10.0 MB of files a second.
Windows are UTC, without their ends. Figures with ~ are estimates.
`),
    )
    expect(inShort(two)).toBe(
      'to do: 2 series, 2 requests, 11 archive files, ~99,360 rows, less than a minute',
    )
  })

  test('a series that cannot be planned is neither to fetch nor covered', () => {
    const missing = [window('2024-01-01', '2024-03-01')]
    const problem = new UsageError('no such symbol')
    const refused = seriesPlan({ missing, problem })
    expect(planText(plan([refused]))).toBe('')
    expect(planText(plan([refused, seriesPlan({})]))).toBe(
      'Nothing to do: the series is covered.\n',
    )
    const text = planText(plan([refused, seriesPlan({ missing, requests: 87, weight: 174 })]))
    expect(text).toMatch(/^1 series to fetch: /m)
    expect(text).not.toContain('covered')
  })

  test('says what a guess rests on, once for each dataset', () => {
    const one = seriesPlan({
      key: { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' },
      pace: { rowsPerDay: 1_000_000, rowBytes: 8, isGuess: true },
      missing: [window('2024-01-01', '2024-01-02')],
      requests: 10,
      weight: 40,
      rows: 9_000,
      bytes: 72_000,
    })
    const known = { ...one, pace: { ...one.pace, isGuess: false } }
    const told = planText(plan([one, one, known]))
    expect(told).toMatch(/^aggTrades BTCUSDT +~10 +~40 +~9,000 +~72.0 kB$/m)
    expect(told).toMatch(/^TOTAL +~30 +~120 /m)
    expect(inShort(plan([one]))).toBe(
      'to do: 1 series, ~10 requests, ~9,000 rows, less than a minute',
    )
    expect(told.match(/^.*guessed.*$/gm)).toEqual([
      'aggTrades: new series are guessed to have 1,000,000 rows a day.',
    ])
    expect(planText(plan([known, known]))).not.toContain('guessed')
  })

  test('says so when there is nothing to do', () => {
    expect(planText(plan([seriesPlan({})]))).toBe('Nothing to do: the series is covered.\n')
    expect(planText(plan([seriesPlan({}), seriesPlan({})]))).toBe(
      'Nothing to do: all 2 series are covered.\n',
    )
    expect(planText(plan([]))).toBe('Nothing to do: the jobs ask for no series.\n')
  })

  test('stays within 80 columns, however long the names and large the numbers', () => {
    const big = {
      key: {
        market: 'spot',
        dataset: 'uiKlines',
        symbol: '币'.repeat(40),
        interval: '15m',
      },
      missing: [window('2017-08-17T04:00:00.000001', '2026-11-23T06:59:59.999999')],
      requests: 12_345_678,
      weight: 123_456_789,
      rows: 12_345_678_901,
      bytes: 555_555_555_555,
    } as const
    const lines = planText(plan([seriesPlan(big)])).split('\n')
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([])
  })
})

const STATUS: SeriesStatus = {
  market: 'spot',
  dataset: 'klines',
  symbol: 'BTCUSDT',
  interval: '1m',
  covered: [{ from: '2024-01-01T00:00:00.000000Z', to: '2024-03-01T00:00:00.000000Z' }],
  missing: [],
  unconfirmed: [],
  gaps: [],
  rows: 86_400,
  partitions: 2,
  bytes: 3_900_000,
  verdict: 'complete',
  revisions: [],
}

const NOW = '2024-03-05T06:00:00.000000Z'

describe('the status', () => {
  test('says since when a series is listed, how old its newest row is, and when it was asked', () => {
    const listed = '2017-08-17T04:00:00.000000Z'
    const one: SeriesStatus = {
      ...STATUS,
      listed,
      newest: '2024-02-29T23:59:00.000000Z',
      asked: '2024-03-05T04:20:30.123456Z',
      covered: [{ from: '1970-01-01T00:00:00.000000Z', to: '2024-03-01T00:00:00.000000Z' }],
      gaps: [{ from: '1970-01-01T00:00:00.000000Z', to: listed, reason: 'before-listing' }],
    }
    expect(
      statusTable({ series: [one], now: NOW }, false)
        .split('\n')
        .slice(2, 6),
    ).toEqual([
      '  covered 2017-08-17 04:00 to 2024-03-01 00:00 (since listing)',
      '  newest  2024-02-29 23:59, 4 d old',
      '  asked   2024-03-05 04:20:30, 1 h ago',
      '',
    ])
  })

  test('has a verdict, coverage, what is missing, and gaps with their reason', () => {
    const second: SeriesStatus = {
      ...STATUS,
      dataset: 'aggTrades',
      symbol: 'ETHUSDT',
      missing: [{ from: '2024-03-01T00:00:00.000000Z', to: '2024-03-03T00:00:00.000000Z' }],
      gaps: [
        {
          from: '2024-01-15T02:00:00.000000Z',
          to: '2024-01-15T05:00:00.000000Z',
          reason: 'outage',
        },
        {
          from: '2024-01-20T00:00:00.000000Z',
          to: '2024-01-21T00:00:00.000000Z',
          reason: 'before-listing',
        },
      ],
      verdict: 'incomplete: 2 days missing',
      revisions: [
        {
          period: '2024-01-01',
          key: '17',
          time: '2024-01-01T00:00:00.000000Z',
          old: { volume: '1.0', close: '5' },
          new: { volume: '2.0', close: '5' },
        },
      ],
    }
    delete (second as { interval?: string }).interval
    expect(statusTable({ series: [STATUS, second], now: NOW }, false)).toBe(
      text(`
SERIES                            ROWS  FILES    SIZE  VERDICT
klines BTCUSDT 1m               86,400      2  3.9 MB  complete
  covered 2024-01-01 to 2024-03-01
aggTrades ETHUSDT               86,400      2  3.9 MB  incomplete
  covered 2024-01-01 to 2024-03-01
  missing 2024-03-01 to 2024-03-03
  gap     2024-01-15 02:00 to 05:00 (outage)
  gap     2024-01-20 to 2024-01-21 (before listing)
  1 row changed after being stored; see --revisions

2 series, 172,800 rows, 4 files, 7.8 MB.
`),
    )
    expect(statusTable({ series: [second], now: NOW }, true)).toContain(
      '\n  changed 2024-01-01 00:00 (17): volume 1.0 -> 2.0\n',
    )
  })

  test('has a line of its own for what the proofs say is lacking', () => {
    const broken = { ...STATUS, verdict: 'incomplete: ids are not contiguous in 1 place' }
    expect(statusTable({ series: [broken], now: NOW }, false)).toContain(
      'incomplete\n  incomplete: ids are not contiguous in 1 place\n  covered ',
    )
  })

  test('of an empty lake is one line', () => {
    expect(statusTable({ series: [], now: NOW }, false)).toBe('The lake holds no series.\n')
  })

  test('cannot be forged by a name in the lake', () => {
    const evil = { ...STATUS, symbol: 'A\u001b[2J\u202eB' }
    expect(statusTable({ series: [evil], now: NOW }, false)).toContain(
      'klines A\\u{1b}[2J\\u{202e}B 1m',
    )
  })
})

describe('the verification', () => {
  const report = {
    ok: false,
    series: [
      {
        key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' },
        verdict: 'damaged',
        missing: [],
        unconfirmed: [],
        partitions: 2,
        rows: 86_400,
      },
    ],
    findings: [
      { severity: 'note', code: 'foreign-file', path: 'readme.txt', message: 'not ours' },
      {
        severity: 'damage',
        code: 'hash-mismatch',
        path: 'spot/klines/x/data.parquet',
        message: 'the bytes differ from the manifest',
        hint: 'Fetch it again.',
      },
    ],
    partitions: 2,
    rows: 86_400,
    bytes: 3_900_000,
    seconds: 1.25,
  } as const

  test('begins with the damage and ends with the verdict', () => {
    expect(findingsText(report)).toBe(
      text(`
damage: spot/klines/x/data.parquet: the bytes differ from the manifest [hash-mismatch]
  Fetch it again.
note: readme.txt: not ours [foreign-file]

SERIES                                      ROWS  FILES
klines BTCUSDT 1m                         86,400      2
  damaged

DAMAGED: 1 finding; 2 files, 86,400 rows, 3.9 MB in 1.3 s.
`),
    )
    expect(findingsText({ ...report, ok: true, findings: [], series: [] })).toBe(
      'No damage: 2 files, 86,400 rows, 3.9 MB in 1.3 s.\n',
    )
    const nothing = { ...report, ok: true, findings: [], series: [], partitions: 0, rows: 0 }
    expect(findingsText(nothing)).toBe(
      'Nothing was checked: the lake holds no file of what was asked for.\n',
    )
  })
})

describe('the summary', () => {
  test('of a complete run', () => {
    expect(summaryText(summary({}), PLAIN)).toBe(
      text(`
Complete: the series is covered.
Stored 44,640 rows in 1 file (2.0 MB); 45 requests, weight 90, 3.2 s.
`),
    )
  })

  test('of a run whose rows came to files that were there: added and written are told apart', () => {
    const rewritten = { partitions: 200, rows: 8_640_000, bytes: 24_800_000 }
    const tail = summary({ rows: 400, partitions: 200, bytes: 24_900_000, rewritten })
    expect(summaryText(tail, PLAIN)).toBe(
      text(`
Complete: the series is covered.
Added 400 rows; wrote 200 files (24.9 MB), with 8,640,000 rows that they held before; 45 requests, weight 90, 3.2 s.
`),
    )
  })

  test('of a run that had nothing to do', () => {
    expect(summaryText(summary({ rows: 0, partitions: 0, requests: 2 }), PLAIN)).toBe(
      text(`
Complete: the series is covered.
Nothing had to be fetched.
`),
    )
  })

  test('says what is missing, why, and what to do next', () => {
    const [good] = summary({}).series
    const partial: Summary = summary({
      complete: false,
      exit: 3,
      series: [
        { ...good!, revisions: 2 },
        {
          ...good!,
          key: { market: 'spot', dataset: 'klines', symbol: 'FOOUSDT', interval: '1m' },
          complete: false,
          upToDate: false,
          rows: 0,
          missing: [{ from: parseMicros('2024-01-01'), to: parseMicros('2024-02-01') }],
          error: { code: 'E_REJECTED', message: 'Invalid symbol.\u001b[2J', hint: 'Fix it.' },
        },
      ],
    })
    expect(summaryText(partial, PLAIN)).toBe(
      text(`
NOT complete: 1 of 2 series still lacks data.
  klines FOOUSDT 1m
    Invalid symbol.\\u{1b}[2J (Fix it.)
    missing 2024-01-01 to 2024-02-01
Stored 44,640 rows in 1 file (2.0 MB); 45 requests, weight 90, 3.2 s.
2 stored rows changed at the exchange; \`status --revisions\` lists them.
Next: run the same command again; it fetches only what is missing.
`),
    )
  })

  test('tells a failure that all series share once', () => {
    const [one] = summary({}).series
    const error = { code: 'E_STORE_IO', message: 'no space left', hint: 'Free some space.' }
    const series = [1, 2, 3].map(() => ({ ...one!, complete: false, upToDate: false, error }))
    const told = summaryText(summary({ complete: false, exit: 1, series }), PLAIN)
    expect(told.split('no space left')).toHaveLength(2)
    expect(told.split('klines BTCUSDT 1m')).toHaveLength(4)
  })

  test('of a run that fetched nothing keeps nothing', () => {
    const incomplete = summary({ complete: false, exit: 3 })
    expect(unfinishedRun(incomplete).hint).toBe('run again; what was fetched is kept')
    expect(unfinishedRun({ ...incomplete, rows: 0, partitions: 0 }).hint).toBe('run again')
  })

  test('of 500 incomplete series names 20', () => {
    const [one] = summary({}).series
    const series = Array.from({ length: 500 }, () => ({ ...one!, complete: false }))
    const lines = summaryText(summary({ complete: false, exit: 3, series }), PLAIN).split('\n')
    expect(lines).toHaveLength(25)
    expect(lines).toContain('  and 480 more series')
  })
})

test('a plan of 2,000 series without work is one line', () => {
  const many: Plan = plan(Array.from({ length: 2000 }, () => seriesPlan({})))
  expect(planText(many)).toBe('Nothing to do: all 2,000 series are covered.\n')
})
