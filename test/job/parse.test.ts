import { describe, expect, it } from 'vitest'
import { JobError } from '../../src/base/errors.ts'
import { micros, parseMicros } from '../../src/base/time.ts'
import type { Job } from '../../src/job/job.ts'
import { parseJob } from '../../src/job/parse.ts'

function problemsOf(text: string): string[] {
  try {
    parseJob(text, 'jobs/x.yaml')
  } catch (error) {
    if (error instanceof JobError) return error.message.split('\n')
    throw error
  }
  return []
}

/** The problems of a job that is valid but for `lines`, without file, line and column. */
function complaints(lines: string): string[] {
  const base = [
    'version: 1',
    'symbols: [BTCUSDT]',
    'from: 2024-01-01',
    'datasets: [{kind: trades}]',
  ]
  const given = lines.split('\n').map((line) => line.split(':')[0])
  const rest = base.filter((line) => !given.includes(line.split(':')[0]))
  return problemsOf([...rest, lines].join('\n')).map((line) =>
    line.replace(/^jobs\/x\.yaml:\d+:\d+: /, ''),
  )
}

function parseLines(...lines: string[]): Job {
  return parseJob(lines.join('\n'), 'jobs/some.yaml')
}

const MAJORS = `# yaml-language-server: $schema=./job.schema.json
version: 1
name: majors
symbols: [BTCUSDT, ETHUSDT]
from: 2024-01-01
to: now
datasets:
  - kind: klines
    intervals: [1m, 1mo]
  - kind: aggTrades
    from: 2025-01-01
    to: 2026-01-01T12:00:00.5Z
    symbols: {quote: USDT, status: TRADING, exclude: [USDCUSDT]}
    source: rest
    numbers: decimal
    compression: none
    settle: 2h
    partition: year
    market: spot
`

it('tells a range that several datasets take from the top level once', () => {
  const lines = 'to: 2023-12-31\ndatasets: [{kind: trades}, {kind: aggTrades}]'
  expect(complaints(lines)).toHaveLength(1)
})

describe('a valid job', () => {
  it('has the top-level keys and the defaults in each dataset', () => {
    const { name, file, datasets } = parseJob(MAJORS, 'jobs/majors.yaml')
    expect({ name, file, length: datasets.length }).toEqual({
      name: 'majors',
      file: 'jobs/majors.yaml',
      length: 2,
    })
    expect(datasets[0]).toEqual({
      kind: 'klines',
      intervals: ['1m', '1M'],
      contracts: [],
      symbols: { kind: 'list', symbols: ['BTCUSDT', 'ETHUSDT'] },
      from: { kind: 'at', time: parseMicros('2024-01-01') },
      to: { kind: 'now' },
      source: 'auto',
      numbers: 'float64',
      compression: 'zstd',
      settle: 60_000_000n,
      partition: undefined,
      market: 'spot',
    })
  })

  it('takes what a dataset overrides from the dataset', () => {
    expect(parseJob(MAJORS, 'x').datasets[1]).toEqual({
      kind: 'aggTrades',
      intervals: [],
      contracts: [],
      symbols: { kind: 'filter', quote: 'USDT', status: 'TRADING', exclude: ['USDCUSDT'] },
      from: { kind: 'at', time: parseMicros('2025-01-01') },
      to: { kind: 'at', time: micros(parseMicros('2026-01-01T12:00:00.5Z')) },
      source: 'rest',
      numbers: 'decimal',
      compression: 'none',
      settle: 7_200_000_000n,
      partition: 'year',
      market: 'spot',
    })
  })

  it('takes symbols of other scripts in the normal form, and digits in quotes', () => {
    const [dataset] = parseLines(
      'version: 1',
      'symbols: [币安人生USDT, "456", 1INCHUSDT, "A\u0308BC"]',
      'from: listing',
      'datasets: [{kind: trades}]',
    ).datasets
    expect(dataset?.symbols).toEqual({
      kind: 'list',
      symbols: ['币安人生USDT', '456', '1INCHUSDT', '\u00c4BC'],
    })
  })

  it.each([
    ['jobs/daily.yaml', 'daily'],
    ['C:\\jobs\\my job (2).YML', 'my-job-2'],
    ['日本.yaml', 'job'],
    ['-', 'job'],
    [`${'a'.repeat(63)}..b.yaml`, 'a'.repeat(63)],
  ])('is named after its file %s without a name: %s', (file, name) => {
    const text = 'version: 1\nsymbols: [A]\nfrom: 1d\ndatasets: [{kind: trades}]'
    expect(parseJob(text, file).name).toBe(name)
  })

  it('may use a few aliases, a byte-order mark and Windows line ends', () => {
    const text =
      '\ufeffversion: 1\r\nfrom: &day 2024-01-01\r\nsymbols: &some [BTCUSDT]\r\n' +
      'datasets:\r\n- {kind: trades, from: *day, symbols: *some}\r\n'
    expect(parseJob(text, 'x').datasets).toHaveLength(1)
  })

  it('accepts the same account history as any other dataset, and an end in the future', () => {
    expect(complaints('datasets: [{kind: myTrades}, {kind: allOrders, to: 9999-12-31}]')).toEqual(
      [],
    )
  })
})

describe('problems', () => {
  it('are all told at once, in the order of the file, with line, column and path', () => {
    const text = `version: 1
nmae: x
symbols: [btcusdt]
from: 2024-03-31T02:30+02:00
datasets:
  - kind: klines
    intervals: [1m, 1Min]
  - kind: aggTrade
    to: 2024-02-30
`
    expect(problemsOf(text)).toEqual([
      'jobs/x.yaml:2:1: nmae: an unknown key; did you mean "name"?',
      'jobs/x.yaml:3:11: symbols[0]: "btcusdt" is not a symbol; did you mean "BTCUSDT"?',
      'jobs/x.yaml:4:7: from: "2024-03-31T02:30+02:00" is not a time in UTC; write 2024-03-31T00:30:00Z',
      'jobs/x.yaml:7:21: datasets[0].intervals[1]: "1Min" is not an interval; did you mean "1m"?',
      'jobs/x.yaml:8:11: datasets[1].kind: "aggTrade" is not klines, uiKlines, aggTrades, trades, blockTrades, myTrades, allOrders, myAllocations, markPriceKlines, indexPriceKlines, premiumIndexKlines, continuousKlines, fundingRate, metrics, openInterestHist, topLongShortAccountRatio, topLongShortPositionRatio, globalLongShortAccountRatio, takerVolume, basis, deliveryPrice, userTrades or income; did you mean "aggTrades"?',
      'jobs/x.yaml:9:9: datasets[1].to: "2024-02-30" is not an existing day or time',
    ])
  })

  it('carry the code, the exit code and a hint', () => {
    expect(() => parseJob('', 'x')).toThrow(
      expect.objectContaining({
        name: 'JobError',
        code: 'E_JOB_INVALID',
        exit: 2,
        hint: expect.stringContaining('schema') as string,
      }),
    )
  })

  it.each([
    ['version: 2', 'version: expected 1, the only version, found the number 2'],
    ['version: "1"', 'version: expected 1, the only version, found "1"'],
    [
      'name: ../x',
      'name: "../x" is not a name; write 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit, not ending in a dot',
    ],
    ['name: 2024', 'name: expected text, found the number 2024; write it in quotes: "2024"'],
    [
      'market: futures',
      'market: "futures" is not spot, um (USD-M futures) or cm (COIN-M futures); did you mean "um"?',
    ],
    [
      'market: um\ndatasets: [{kind: blockTrades}]',
      /^datasets\[0\].kind: um has no blockTrades; write market: spot here, or klines, .* or income$/,
    ],
    ['source: api', 'source: "api" is not auto, rest or archive'],
    [
      'compression: zst',
      'compression: "zst" is not zstd, snappy, gzip or none; did you mean "zstd"?',
    ],
    [
      'settle: 60',
      'settle: expected a duration such as 1m, found the number 60; did you mean "60s"?',
    ],
    ['settle: 8d', 'settle: "8d" is more than 7 days'],
    ['settle:', 'settle: expected a duration such as 1m, found nothing'],
    [
      'from: 20240101',
      'from: expected a date, a time in UTC, a duration such as 30d, or listing, found the number 20240101; did you mean "2024-01-01"?',
    ],
    [
      'to: 1704067200000',
      'to: expected a date, a time in UTC, a duration such as 1d, or now, found the number 1704067200000; did you mean "2024-01-01T00:00:00Z"?',
    ],
    ['to: 2024-01-01', 'to: "2024-01-01" is not after from, "2024-01-01"'],
    ['to: 2023-12-31', 'to: "2023-12-31" is not after from, "2024-01-01"'],
    ['from: 1d\nto: 2d', 'to: "2d" is not after from, "1d"'],
    ['symbols: BTCUSDT', /^symbols: .* found "BTCUSDT"; write it as a list: \[BTCUSDT\]$/],
    ['symbols: []', 'symbols: an empty list; write at least one'],
    ['symbols: {}', 'symbols: a filter needs quote, base, status, match or universe'],
    ['symbols: {exclude: [A]}', 'symbols: a filter needs quote, base, status, match or universe'],
    ['symbols: {qoute: A, base: B}', 'symbols.qoute: an unknown key; did you mean "quote"?'],
    [
      'symbols: [456]',
      'symbols[0]: expected text, found the number 456; write it in quotes: "456"',
    ],
    [
      'symbols: [0x1F]',
      'symbols[0]: expected text, found the number 0x1F; write it in quotes: "0x1F"',
    ],
    ['symbols: [NULL]', 'symbols[0]: expected text, found NULL; write it in quotes: "NULL"'],
    ['symbols: [A, B, A]', /^symbols\[2\]: "A" occurs twice; first on line 4$/],
    ['symbols: ["A\u0308", "\u00c4"]', /^symbols\[1\]: "\u00c4" occurs twice/],
    ['symbols: {base: A, exclude: [B, B]}', /^symbols\.exclude\[1\]: "B" occurs twice/],
    ['intervals: [1m]', 'intervals: not a key of the top level; write it in an entry of datasets'],
    [
      'base_url: x',
      'base_url: an unknown key; hosts are named by flag or environment, never by a job file',
    ],
    ['<<: {name: x}', '["<<"]: an unknown key; merge keys are not supported'],
    ['start: 1d', 'start: an unknown key; did you mean "from"?'],
    ['datasets: []', 'datasets: an empty list; write at least one'],
    ['datasets: {kind: trades}', 'datasets: expected a list of datasets, found a map'],
    ['datasets: [trades]', 'datasets[0]: expected a map such as {kind: aggTrades}, found "trades"'],
    ['datasets: [{}]', /^datasets\[0\]\.kind: is missing; it is one of klines, /],
    [
      'datasets: [{kind: klines}]',
      'datasets[0].intervals: is missing; klines need e.g. intervals: [1m, 1h]',
    ],
    [
      'datasets: [{kind: trades, intervals: [1m]}]',
      'datasets[0].intervals: trades have no intervals; leave them out',
    ],
    [
      'datasets: [{kind: klines, intervals: [1M, 1mo]}]',
      /^datasets\[0\]\.intervals\[1\]: "1M" occurs twice; first on line 4$/,
    ],
    [
      'datasets: [{kind: trades, version: 1}]',
      'datasets[0].version: not a key of a dataset; write it at the top level',
    ],
    [
      'datasets: [{kind: myTrades, symbols: {quote: USDT}}]',
      /^datasets\[0\]\.kind: myTrades need a list of symbols, not a filter/,
    ],
    [
      'datasets: [{kind: blockTrades, source: archive}]',
      /^datasets\[0\]\.kind: blockTrades are not published in the archive/,
    ],
    [
      'datasets: [{kind: trades}, {kind: trades, from: 1d}]',
      'datasets[1]: trades of BTCUSDT is requested twice; first by datasets[0] on line 4',
    ],
    [
      'datasets: [{kind: klines, intervals: [1m]}, {kind: klines, intervals: [1h, 1m]}]',
      'datasets[1]: klines 1m of BTCUSDT is requested twice; first by datasets[0] on line 4',
    ],
    [
      'symbols: {quote: A, base: B}\ndatasets: [{kind: trades}, {kind: trades, symbols: {base: B, quote: A}}]',
      'datasets[1]: trades of these symbols is requested twice; first by datasets[0] on line 4',
    ],
    [
      'datasets: [{kind: trades, from: 2024-02-01, to: 2024-01-01}]',
      'datasets[0].to: "2024-01-01" is not after from, "2024-02-01"',
    ],
    [
      'to: 2024-02-01\ndatasets: [{kind: trades, from: 2024-03-01}]',
      'datasets[0].from: "2024-03-01" is not before to, "2024-02-01"',
    ],
  ])('%s', (lines, message) => {
    const found = complaints(lines)
    expect(found).toHaveLength(1)
    if (typeof message === 'string') expect(found[0]).toBe(message)
    else expect(found[0]).toMatch(message)
  })

  it('do not take two datasets of different symbols or intervals for one', () => {
    expect(
      complaints(
        'datasets: [{kind: klines, intervals: [1m]}, {kind: klines, intervals: [1h]}, {kind: klines, intervals: [1m], symbols: [ETHUSDT]}, {kind: uiKlines, intervals: [1m]}]',
      ),
    ).toEqual([])
  })

  it('tell once what no dataset has, and where only some lack it', () => {
    expect(problemsOf('version: 1\ndatasets: [{kind: trades}, {kind: aggTrades}]')).toEqual([
      'jobs/x.yaml:1:1: symbols: is missing; write e.g. symbols: [BTCUSDT]',
      'jobs/x.yaml:1:1: from: is missing; write e.g. from: 2024-01-01',
    ])
    expect(
      problemsOf(
        'version: 1\nfrom: 1d\ndatasets:\n- kind: trades\n- {kind: aggTrades, symbols: [A]}',
      ),
    ).toEqual([
      'jobs/x.yaml:4:3: datasets[0].symbols: is missing; write e.g. symbols: [BTCUSDT] here or at the top level',
    ])
  })

  it('find what is wrong between keys also where a neighbour is invalid', () => {
    expect(complaints('to: 2023-01-01\nnumbers: x\nsymbols: [A, b, A]')).toHaveLength(4)
  })

  it('escape what could forge a line or hide text', () => {
    const [line = ''] = complaints('name: "a\\e[2J\\u202E\\nb"')
    expect(line).toContain('"a\\u{1b}[2J\\u{202e}\\u{a}b" is not a name')
    const found = problemsOf('"\\e[31m\\n": 1\nversion: 1').join('\n')
    expect(found).toContain('["\\u{1b}[31m\\u{a}"]: an unknown key')
    expect(found).not.toContain('\u001b')
    expect(() => parseJob('', 'a\u001b[2J.yaml')).toThrow('a\\u{1b}[2J.yaml:1:1: ')
  })

  it('are counted when there are more than anyone reads', () => {
    const lines = Array.from({ length: 150 }, (_, index) => `unknown${index}:`)
    const found = complaints(lines.join('\n'))
    expect(found).toHaveLength(101)
    expect(found[100]).toBe('and 50 more problems from here on')
  })
})
