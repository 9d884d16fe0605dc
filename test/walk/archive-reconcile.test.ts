/** Sources that contradict each other, or end too early: every row once, the right one, and what differed is told. */

import { describe, expect, test } from 'vitest'
import { subtractAll } from '../../src/base/coverage.ts'
import { parseMicros } from '../../src/base/time.ts'
import type { ArchiveRule, ExchangeOptions } from '../../src/simulator/index.ts'
import { status } from '../../src/query/status.ts'
import { archiveExchange, archiveJob, doors, storedRows } from '../support/archive-jobs.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

const KLINES = { kind: 'klines', interval: '15m' }
const TRADES = { kind: 'aggTrades' }
const KLINES_PATH = 'spot/klines/interval=15m/symbol=BTCUSDT'
const TRADES_PATH = 'spot/aggTrades/symbol=BTCUSDT'

/** Drops lines whose first field, or time, `isDropped` names. */
function without(path: string, isDropped: (index: number, count: number) => boolean): ArchiveRule {
  const change = (lines: readonly string[]): string[] =>
    lines.filter((_, index) => !isDropped(index, lines.length))
  return { path, fault: { kind: 'lines', change } }
}

async function lakeOf(
  rules: readonly ArchiveRule[],
  job: string,
  lake?: string,
  more: Partial<ExchangeOptions> = {},
): Promise<{
  dataDir: string
  told: Awaited<ReturnType<typeof run>>
  asked: (path: string) => string[]
}> {
  const simulator = await serve({ exchange: archiveExchange(rules, more) })
  const dataDir = lake ?? (await tempDir())
  const told = await run(job, { dataDir, ...doors(simulator) })
  const asked = (path: string): string[] =>
    simulator.log.entries.filter((entry) => entry.path === path).map(({ query }) => query)
  return { dataDir, told, asked }
}

async function truthOf(
  series: typeof KLINES | typeof TRADES,
  span: readonly [string, string],
): Promise<Record<string, string | null>[]> {
  const { dataDir } = await lakeOf([], archiveJob(series, span, 'rest'))
  return series === TRADES
    ? storedRows(dataDir, TRADES_PATH, 'agg_trade_id')
    : storedRows(dataDir, KLINES_PATH, 'open_time')
}

/** Klines as they were before their last trade: REST, which shows one more, is believed at once. */
const unfinished: ArchiveRule['fault'] = {
  kind: 'lines',
  change: (lines) =>
    lines.map((line) =>
      line
        .split(',')
        .map((cell, column) => (column === 8 ? String(Number(cell) - 1) : cell))
        .join(','),
    ),
}

describe('the seam between archive and REST', () => {
  const span = ['2025-01-09', '2025-01-13'] as const
  const replaced: ArchiveRule = { path: '-2025-01-11.zip', fault: { kind: 'replaced' } }
  const missing: ArchiveRule = { path: '-2025-01-12.zip', fault: { kind: 'missing' } }

  test('one more request for klines; the last interval is compared, and what differs is a revision', async () => {
    const truth = await truthOf(KLINES, span)
    const calm = await lakeOf([missing], archiveJob(KLINES, span, 'auto'))
    expect(calm.told.summary).toMatchObject({ complete: true, rows: 384 })
    expect(calm.told.summary.series[0]?.revisions).toBe(0)
    const asked = calm.asked('/api/v3/klines')
    expect(asked.filter((query) => /limit=1(&|$)/.test(query))).toHaveLength(1)
    expect(await storedRows(calm.dataDir, KLINES_PATH, 'open_time')).toEqual(truth)

    const early: ArchiveRule = { ...replaced, fault: unfinished }
    const torn = await lakeOf([early, missing], archiveJob(KLINES, span, 'auto'))
    expect(torn.told.summary).toMatchObject({ complete: true, rows: 384 })
    expect(torn.told.summary.series[0]?.revisions).toBe(1)
    const found = await storedRows(torn.dataDir, KLINES_PATH, 'open_time')
    const lastOf = (rows: typeof truth): unknown => rows[3 * 96 - 1]
    expect(lastOf(found)).toEqual(lastOf(truth))
    expect(found[3 * 96 - 2]).not.toEqual(truth[3 * 96 - 2])
  })

  test('one more request for trades; the last thousand are compared', async () => {
    const truth = await truthOf(TRADES, span)
    const calm = await lakeOf([missing], archiveJob(TRADES, span, 'auto'))
    expect(calm.told.summary).toMatchObject({ complete: true, rows: truth.length })
    expect(calm.told.summary.series[0]?.revisions).toBe(0)
    const witnesses = calm.asked('/api/v3/aggTrades').filter((query) => /limit=1(&|$)/.test(query))
    expect(witnesses.length).toBeLessThanOrEqual(2)

    const torn = await lakeOf([replaced, missing], archiveJob(TRADES, span, 'auto'))
    expect(torn.told.summary).toMatchObject({ complete: true, rows: truth.length })
    expect(torn.told.summary.series[0]?.revisions).toBe(1_000)
    const found = await storedRows(torn.dataDir, TRADES_PATH, 'agg_trade_id')
    const differing = found.filter((row, index) => row['quantity'] !== truth[index]?.['quantity'])
    const days = new Set(differing.map((row) => row['time']?.slice(0, 10)))
    expect([...days]).toEqual(['2025-01-11'])
  })

  test('equal rows change no byte of what the archive brought', async () => {
    const short = ['2025-01-09', '2025-01-12'] as const
    const alone = await lakeOf([], archiveJob(TRADES, short, 'auto'))
    const both = await lakeOf([missing], archiveJob(TRADES, span, 'auto'))
    const [before, after] = [await contents(alone.dataDir), await contents(both.dataDir)]
    const last = `${TRADES_PATH}/period=2025-01-11/data.parquet`
    expect(before[last]).toBeDefined()
    expect(after[last]).toBe(before[last])
  })
})

describe('the seam between what the archive brought in an earlier run and REST', () => {
  const earlier = ['2025-01-10', '2025-01-12'] as const
  const span = ['2025-01-10', '2025-01-13'] as const
  const replaced: ArchiveRule = { path: '-2025-01-11.zip', fault: { kind: 'replaced' } }
  const missing: ArchiveRule = { path: '-2025-01-12.zip', fault: { kind: 'missing' } }

  test.each([
    { series: KLINES, path: KLINES_PATH, key: 'open_time', time: 'open_time', overlap: 1 },
    { series: TRADES, path: TRADES_PATH, key: 'agg_trade_id', time: 'time', overlap: 1_000 },
  ])(
    '$series.kind: overlaps by one request; what differs is a revision, once',
    async ({ series, path, key, time, overlap }) => {
      const calm = await lakeOf([], archiveJob(series, earlier, 'archive'))
      const before = await contents(calm.dataDir)
      const joined = await lakeOf([missing], archiveJob(series, span, 'rest'), calm.dataDir)
      expect(joined.told.summary).toMatchObject({ complete: true, exit: 0 })
      expect(joined.told.summary.series[0]?.revisions).toBe(0)
      if (series === TRADES) {
        const file = `${path}/period=2025-01-11/data.parquet`
        expect((await contents(calm.dataDir))[file]).toBe(before[file])
      }

      const other = series === KLINES ? { ...replaced, fault: unfinished } : replaced
      const { dataDir } = await lakeOf([other], archiveJob(series, earlier, 'auto'))
      const torn = await lakeOf([missing], archiveJob(series, span, 'auto'), dataDir)
      expect(torn.told.summary).toMatchObject({ complete: true, exit: 0 })
      expect(torn.told.summary.series[0]?.revisions).toBe(overlap)
      const truth = await truthOf(series, span)
      const found = await storedRows(dataDir, path, key)
      expect(found.map((row) => row[key])).toEqual(truth.map((row) => row[key]))
      const seam = truth.findIndex(({ [time]: value }) => (value ?? '') >= '2025-01-12')
      expect(found.slice(seam - overlap)).toEqual(truth.slice(seam - overlap))
      expect(found[seam - overlap - 1]).not.toEqual(truth[seam - overlap - 1])

      // A kline that changed is asked for once more: two runs are to agree.
      const agreed = await lakeOf([missing], archiveJob(series, span, 'auto'), dataDir)
      expect(agreed.asked(`/api/v3/${series.kind}`)).toHaveLength(series === KLINES ? 1 : 0)
      const again = await lakeOf([missing], archiveJob(series, span, 'auto'), dataDir)
      expect(again.asked(`/api/v3/${series.kind}`)).toEqual([])
    },
  )
})

test('a seam says nothing of the time after it, also where a month is shorter than others', async () => {
  const monthly = { kind: 'klines', interval: '1M' }
  const replaced: ArchiveRule = { path: '-2025-02.zip', fault: unfinished }
  const earlier = archiveJob(monthly, ['2024-10-01', '2025-03-01'], 'archive')
  const { dataDir } = await lakeOf([replaced], earlier)
  const job = archiveJob(monthly, ['2024-10-01', '2025-06-01'], 'rest')
  const refused = { path: '/api/v3/klines', query: 'limit=1000', times: Infinity } as const
  const faults = { rules: [{ ...refused, fault: { kind: 'error', code: -1100 } as const }] }
  const { summary } = (await lakeOf([], job, dataDir, { faults })).told
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  expect(summary.series[0]).toMatchObject({
    revisions: 1,
    missing: [{ from: parseMicros('2025-03-01'), to: parseMicros('2025-06-01') }],
  })
  expect((await lakeOf([], job, dataDir)).told.summary).toMatchObject({ complete: true, rows: 3 })
})

describe('the seam between what REST brought in an earlier run and the archive', () => {
  const from = '2025-01-10'
  const seam = '2025-01-11T14:00:00Z'
  const to = '2025-01-13'
  const replaced: ArchiveRule = { path: '-2025-01-11.zip', fault: { kind: 'replaced' } }
  const SERIES = [
    { series: KLINES, path: KLINES_PATH, key: 'open_time', time: 'open_time', overlap: 1 },
    { series: TRADES, path: TRADES_PATH, key: 'agg_trade_id', time: 'time', overlap: 1_000 },
  ] as const

  /** Asks REST first, then goes on from the archive with these faults. */
  async function goneOn(
    series: typeof KLINES | typeof TRADES,
    rules: readonly ArchiveRule[],
    source = 'auto',
  ): Promise<Awaited<ReturnType<typeof lakeOf>>> {
    const { dataDir } = await lakeOf([], archiveJob(series, [from, seam], 'rest'))
    return lakeOf(rules, archiveJob(series, [from, to], source), dataDir)
  }

  test.each(SERIES)(
    '$series.kind: the file tells of the rows before it; what differs is a revision, and REST is not asked',
    async ({ series, path, key, time, overlap }) => {
      const truth = await truthOf(series, [from, to])
      const calm = await goneOn(series, [])
      expect(calm.told.summary).toMatchObject({ complete: true, exit: 0 })
      expect(calm.told.summary.series[0]?.revisions).toBe(0)
      // The row after the last trade of all proves the end of its file.
      expect(calm.asked(`/api/v3/${series.kind}`)).toHaveLength(series === TRADES ? 1 : 0)
      expect(await storedRows(calm.dataDir, path, key)).toEqual(truth)

      const torn = await goneOn(series, [replaced])
      expect(torn.told.summary).toMatchObject({ complete: true, exit: 0 })
      expect(torn.told.summary.series[0]?.revisions).toBe(overlap)
      const found = await storedRows(torn.dataDir, path, key)
      expect(found.map((row) => row[key])).toEqual(truth.map((row) => row[key]))
      const at = truth.findIndex(({ [time]: value }) => (value ?? '') >= '2025-01-11 14')
      const { dataDir } = await lakeOf([replaced], archiveJob(series, [from, to], 'archive'))
      const file = await storedRows(dataDir, path, key)
      expect(found.slice(at - overlap)).toEqual(file.slice(at - overlap))
      expect(found.slice(0, at - overlap)).toEqual(truth.slice(0, at - overlap))

      const again = await lakeOf([replaced], archiveJob(series, [from, to], 'auto'), torn.dataDir)
      expect(again.told.summary).toMatchObject({ complete: true, partitions: 0 })
    },
  )

  test('nothing is stored of a file that is wrong further down', async () => {
    // So many that rows to compare come out of the file before the line that is wrong.
    const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: 400_000 }]
    const change = (lines: readonly string[]): string[] => [
      ...lines.map((line) => line.replace(/\.(\d)/, (_, digit) => `.${(Number(digit) + 1) % 10}`)),
      'x',
    ]
    const rules: ArchiveRule[] = [
      { path: '-2025-01-11.zip', fault: { kind: 'lines', change } },
      { path: '-2025-01.zip', fault: { kind: 'missing' } },
    ]
    const simulator = await serve({ exchange: archiveExchange(rules, { symbols }) })
    const lake = { dataDir: await tempDir(), ...doors(simulator) }
    await run(archiveJob(TRADES, ['2025-01-11', '2025-01-11T00:30:00Z'], 'rest'), lake)
    const before = await storedRows(lake.dataDir, TRADES_PATH, 'agg_trade_id')
    const { summary } = await run(archiveJob(TRADES, ['2025-01-11', '2025-01-12'], 'archive'), lake)
    expect(summary).toMatchObject({ complete: false, exit: 3, rows: 0 })
    expect(summary.series[0]?.revisions).toBe(0)
    expect(await storedRows(lake.dataDir, TRADES_PATH, 'agg_trade_id')).toEqual(before)
  })

  test.each([
    { ...SERIES[0], more: ['partition: day'], day: [], end: '2025-02-01' },
    { ...SERIES[1], more: [], day: ['-2025-01-12.zip'], end: to },
  ])(
    '$series.kind: a monthly file tells of the partition before its own, whose bytes stay if it is right',
    async ({ series, path, overlap, more, day, end }) => {
      const gone = day.map((name): ArchiveRule => ({ path: name, fault: { kind: 'missing' } }))
      const month: ArchiveRule = { path: '-2025-01.zip', fault: { kind: 'replaced' } }
      const before = archiveJob(series, [from, '2025-01-12'], 'rest', more)
      const after = archiveJob(series, [from, end], 'archive', more)
      const last = `${path}/period=2025-01-11/data.parquet`
      const lake = (await lakeOf([], before)).dataDir
      const bytes = (await contents(lake))[last]
      expect(bytes).toBeDefined()
      const calm = await lakeOf(gone, after, lake)
      expect(calm.told.summary).toMatchObject({ complete: true, exit: 0 })
      expect((await contents(lake))[last]).toBe(bytes)

      const other = (await lakeOf([], before)).dataDir
      const torn = await lakeOf([...gone, month], after, other)
      expect(torn.told.summary).toMatchObject({ complete: true, exit: 0 })
      expect(torn.told.summary.series[0]?.revisions).toBe(overlap)
      expect((await contents(other))[last]).not.toBe(bytes)
    },
  )

  test('what a daily file said stays, whatever the monthly one says', async () => {
    const monthly = (kind: 'missing' | 'replaced'): ArchiveRule => ({
      path: '15m-2025-01.zip',
      fault: { kind },
    })
    const { dataDir } = await lakeOf([], archiveJob(KLINES, ['2025-01-09', '2025-01-10'], 'rest'))
    const days = archiveJob(KLINES, ['2025-01-09', '2025-01-11'], 'archive')
    await lakeOf([monthly('missing')], days, dataDir)
    const month = archiveJob(KLINES, ['2025-01-09', '2025-02-01'], 'archive')
    const { told } = await lakeOf([monthly('replaced')], month, dataDir)
    expect(told.summary).toMatchObject({ complete: true, exit: 0, rows: 21 * 96 })
    expect(told.summary.series[0]?.revisions).toBe(0)
  })

  test('moments that the file rounds to milliseconds stay as fine as they were', async () => {
    const [first, middle, last] = ['2024-12-29', '2024-12-30T10:00:00Z', '2024-12-31'] as const
    const { dataDir } = await lakeOf([], archiveJob(TRADES, [first, middle], 'rest'))
    const before = await storedRows(dataDir, TRADES_PATH, 'agg_trade_id')
    expect(before.filter((row) => /\.\d{3}(?!000)\d{3}/.test(row['time'] ?? ''))).not.toEqual([])
    const { told } = await lakeOf([], archiveJob(TRADES, [first, last], 'archive'), dataDir)
    expect(told.summary).toMatchObject({ complete: true, exit: 0 })
    expect(told.summary.series[0]?.revisions).toBe(0)
    const after = await storedRows(dataDir, TRADES_PATH, 'agg_trade_id')
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.length).toBeGreaterThan(before.length + 500)
  })
})

describe('a file that lacks rows at its ends', () => {
  const span = ['2025-03-03', '2025-03-08'] as const

  test.each<[string, readonly ArchiveRule[]]>([
    ['its first rows', [without('-2025-03-05.zip', (index) => index < 400)]],
    ['its last rows', [without('-2025-03-05.zip', (index, count) => index > count - 400)]],
    [
      'the last rows, and the next file its first ones',
      [
        without('-2025-03-05.zip', (index, count) => index > count - 300),
        without('-2025-03-06.zip', (index) => index < 300),
      ],
    ],
    ['the first rows of all', [without('-2025-03-03.zip', (index) => index < 50)]],
    ['the last rows of all', [without('-2025-03-07.zip', (index, count) => index > count - 50)]],
    ['rows in the middle', [without('-2025-03-06.zip', (index) => index > 900 && index < 950)]],
  ])('%s: REST has them', async (_, rules) => {
    const { dataDir, told } = await lakeOf(rules, archiveJob(TRADES, span, 'auto'))
    expect(told.summary).toMatchObject({ complete: true, exit: 0 })
    const truth = await truthOf(TRADES, span)
    expect(await storedRows(dataDir, TRADES_PATH, 'agg_trade_id')).toEqual(truth)
  })

  test('from the archive alone the torn place comes from the monthly file, or is missing and said so', async () => {
    const cut = without('-2025-03-05.zip', (index, count) => index > count - 300)
    const whole = await lakeOf([cut], archiveJob(TRADES, span, 'archive'))
    expect(whole.told.summary).toMatchObject({ complete: true, exit: 0 })
    const rules = [cut, { path: 'aggTrades-2025-03.zip', fault: { kind: 'missing' } as const }]
    const { told } = await lakeOf(rules, archiveJob(TRADES, span, 'archive'))
    expect(told.summary).toMatchObject({ complete: false, exit: 3 })
    const [torn, ...more] = told.summary.series[0]?.missing ?? []
    expect(more).toEqual([])
    expect(torn!.from).toBeGreaterThan(parseMicros('2025-03-05T20:00'))
    expect(torn!.from).toBeLessThan(parseMicros('2025-03-06'))
    expect(torn!.to).toBeGreaterThanOrEqual(parseMicros('2025-03-06'))
  })
})

describe('a file of trades whose times go back within a day', () => {
  const day = '2025-01-10'
  const noon = parseMicros('2025-01-10T12:00')

  /** Changes the rows of the day's file. */
  const changed = (change: (rows: string[][]) => string[][]): ArchiveRule => ({
    path: `daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-${day}.zip`,
    fault: {
      kind: 'lines',
      change: (lines) => change(lines.map((line) => line.split(','))).map((row) => row.join(',')),
    },
  })
  const mixed = changed((rows) => {
    const at = rows.findIndex(([, , , , , time]) => BigInt(time!) >= noon)
    const times = [noon + 1_000_000n, noon - 1_000_000n]
    for (let i = at - 20; i < at + 20; i++) rows[i]![5] = String(times[i % 2])
    return rows
  })

  test.each(['auto', 'archive'])(
    'loses no row where the job begins among such rows, and is warned of once (%s)',
    async (source) => {
      const span = [`${day}T12:00:00Z`, '2025-01-11'] as const
      const { dataDir, told } = await lakeOf([mixed], archiveJob(TRADES, span, source))
      expect(told.summary).toMatchObject({ complete: true, exit: 0 })
      const idsOf = (rows: readonly Record<string, unknown>[]): number[] =>
        rows.map((row) => Number(row['agg_trade_id']))
      const found = idsOf(await storedRows(dataDir, TRADES_PATH, 'agg_trade_id'))
      // What lies between such rows is kept with them, or ids were left out.
      expect(found).toEqual(found.map((_, index) => found[0]! + index))
      expect(found).toEqual(expect.arrayContaining(idsOf(await truthOf(TRADES, span))))
      const warnings = told.events.flatMap((event) =>
        event.kind === 'warning' ? [event.message] : [],
      )
      expect(warnings).toEqual([expect.stringContaining('times go back by up to 2 s')])
    },
  )

  test('is taken where the job wants the day whole', async () => {
    const span = [day, '2025-01-11'] as const
    const { dataDir, told } = await lakeOf([mixed], archiveJob(TRADES, span, 'archive'))
    expect(told.summary).toMatchObject({ complete: true, exit: 0 })
    const ids = (rows: readonly Record<string, unknown>[]): unknown[] =>
      rows.map((row) => row['agg_trade_id'])
    const found = await storedRows(dataDir, TRADES_PATH, 'agg_trade_id')
    expect(ids(found)).toEqual(ids(await truthOf(TRADES, span)))
  })

  test.each(['auto', 'archive'])(
    'lacks what its ids leave out, also where time goes back over them (%s)',
    async (source) => {
      const torn = changed((rows) => {
        rows[1_499]![5] = String(BigInt(rows[1_500]![5]!) + 600_000_000n)
        return rows.filter((_, index) => index < 1_500 || index >= 1_505)
      })
      const month: ArchiveRule = { path: 'monthly/aggTrades', fault: { kind: 'missing' } }
      const job = archiveJob(TRADES, [day, '2025-01-11'], source)
      const { told } = await lakeOf([torn, month], job)
      const isWhole = source === 'auto'
      expect(told.summary.complete).toBe(isWhole)
      expect(told.summary.rows).toBe(isWhole ? 3_000 : 2_995)
    },
  )
})

describe('monthly and daily files', () => {
  const month = ['2025-02-01', '2025-03-01'] as const

  test('where a monthly file has a hole, the days are taken: they are right, and what differs is told', async () => {
    const rules = [
      without('15m-2025-02.zip', (index) => index === 10 * 96 + 40),
      { path: '15m-2025-02-11.zip', fault: { kind: 'replaced' } as const },
    ]
    const { dataDir, told } = await lakeOf(rules, archiveJob(KLINES, month, 'archive'))
    expect(told.summary).toMatchObject({ complete: true, exit: 0 })
    expect(told.summary.series[0]?.revisions).toBe(95)
    const truth = await truthOf(KLINES, month)
    const found = await storedRows(dataDir, KLINES_PATH, 'open_time')
    const differing = found.flatMap((row, i) => (row['volume'] === truth[i]?.['volume'] ? [] : [i]))
    expect(differing).toEqual(Array.from({ length: 96 }, (_, i) => 960 + i))
  })

  test('a hole that both have is an outage, also across midnight', async () => {
    const from = 10 * 96 + 90
    const rules = [
      without('15m-2025-02.zip', (index) => index >= from && index < from + 10),
      without('15m-2025-02-11.zip', (index) => index >= 90),
      without('15m-2025-02-12.zip', (index) => index < 4),
    ]
    const { told } = await lakeOf(rules, archiveJob(KLINES, month, 'archive'))
    expect(told.summary).toMatchObject({ complete: true, exit: 0, rows: 28 * 96 - 10 })
  })

  test.each(['auto', 'archive'])(
    'a hole in a monthly file is no less missing where partitions are days (%s)',
    async (source) => {
      const rules = [without('15m-2025-02.zip', (index) => index >= 980 && index < 988)]
      const job = archiveJob(KLINES, month, source, ['partition: day'])
      const { dataDir, told } = await lakeOf(rules, job)
      expect(told.summary).toMatchObject({ complete: true, exit: 0, rows: 28 * 96 })
      const truth = await truthOf(KLINES, month)
      expect(await storedRows(dataDir, KLINES_PATH, 'open_time')).toEqual(truth)
    },
  )

  test('a hole that the archive alone can speak of is recorded in the day that it is in', async () => {
    const hole = { from: '2025-02-11T05:00:00.000000Z', to: '2025-02-11T07:00:00.000000Z' }
    const rules: ArchiveRule[] = [
      without('15m-2025-02.zip', (index) => index >= 980 && index < 988),
      { path: 'daily/klines/', fault: { kind: 'missing' } },
    ]
    const job = archiveJob(KLINES, month, 'archive', ['partition: day'])
    const { dataDir, told } = await lakeOf(rules, job)
    expect(told.summary).toMatchObject({ complete: true, exit: 0, rows: 28 * 96 - 8 })
    const { series } = await status([], { dataDir })
    expect(series[0]?.gaps).toEqual([{ ...hole, reason: 'outage' }])
  })

  test('trades of days that are not there come from the monthly file, once it is judged', async () => {
    const span = ['2025-02-03', '2025-02-06'] as const
    const gone: ArchiveRule = { path: 'aggTrades-2025-02-04.zip', fault: { kind: 'missing' } }
    const good = await lakeOf([gone], archiveJob(TRADES, span, 'archive'))
    expect(good.told.summary).toMatchObject({ complete: true, exit: 0 })
    expect(await storedRows(good.dataDir, TRADES_PATH, 'agg_trade_id')).toEqual(
      await truthOf(TRADES, span),
    )
    const text = (lines: readonly string[]): string[] => [...lines, 'x']
    const bad: ArchiveRule = {
      path: 'aggTrades-2025-02.zip',
      fault: { kind: 'lines', change: text },
    }
    const poor = await lakeOf([gone, bad], archiveJob(TRADES, span, 'archive'))
    expect(poor.told.summary).toMatchObject({ complete: false, exit: 3 })
    const files = Object.keys(await contents(poor.dataDir)).filter((path) =>
      path.includes('period='),
    )
    expect(files.map((path) => path.slice(-23, -13)).sort()).toEqual(['2025-02-03', '2025-02-05'])
  })

  test('a bad month costs none of the others, however long the partitions are', async () => {
    const span = ['2025-01-01', '2025-05-01'] as const
    const hourly = { kind: 'klines', interval: '1h' }
    const text = (lines: readonly string[]): string[] => [...lines, 'x']
    const rules: ArchiveRule[] = [
      { path: '1h-2025-03.zip', fault: { kind: 'lines', change: text } },
      { path: '1h-2025-03-07.zip', fault: { kind: 'missing' } },
    ]
    const { told } = await lakeOf(rules, archiveJob(hourly, span, 'archive'))
    expect(told.summary.series[0]?.missing).toEqual([
      { from: parseMicros('2025-03-07'), to: parseMicros('2025-03-08') },
    ])
    expect(told.summary.rows).toBe(119 * 24)
    const warnings = told.events.flatMap((event) =>
      event.kind === 'warning' ? [event.message] : [],
    )
    expect(warnings.filter((message) => message.includes('1h-2025-03.zip:745'))).toHaveLength(1)
  })

  test.each([['3d'], ['1w']])('%s klines, which have no daily files', async (interval) => {
    const span = ['2025-01-01', '2025-05-01'] as const
    const rules = [without(`${interval}-2025-03.zip`, (index, count) => index === count - 1)]
    const series = { kind: 'klines', interval }
    const path = `spot/klines/interval=${interval}/symbol=BTCUSDT`
    const both = await lakeOf(rules, archiveJob(series, span, 'auto'))
    expect(both.told.summary).toMatchObject({ complete: true, exit: 0 })
    const { dataDir } = await lakeOf([], archiveJob(series, span, 'rest'))
    expect(await storedRows(both.dataDir, path, 'open_time')).toEqual(
      await storedRows(dataDir, path, 'open_time'),
    )
  })
})

describe('trades that REST does not have any more', () => {
  const span = ['2025-02-03', '2025-02-06'] as const
  // Ids of REST begin after the span, or after all that was ever traded: then it sends nothing, as if all were quiet.
  const CUTS = [2_800_000n, 50_000_000n]
  const KINDS = ['aggTrades', 'trades']

  async function runWith(
    kind: string,
    cut: bigint,
    gone: RegExp,
  ): Promise<Awaited<ReturnType<typeof run>>['summary']> {
    const paths = ['2025-02-04', '2025-02'].map((period) => `${kind}-${period}.zip`)
    const missing = paths.filter((path) => gone.test(path))
    const rules = missing.map((path) => ({ path, fault: { kind: 'missing' } as const }))
    const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: 1_000, restHistoryFrom: cut }]
    const simulator = await serve({ exchange: archiveExchange(rules, { symbols }) })
    const job = archiveJob({ kind }, span, 'auto')
    return (await run(job, { dataDir: await tempDir(), ...doors(simulator) })).summary
  }

  test.each(KINDS.flatMap((kind) => CUTS.map((cut) => [kind, cut] as const)))(
    '%s, served from id %d on: a missing day comes from the monthly file, else it is missing',
    async (kind, cut) => {
      const whole = await runWith(kind, cut, /^$/)
      expect(whole).toMatchObject({ complete: true, exit: 0 })
      const monthly = await runWith(kind, cut, /-02-04/)
      expect(monthly).toMatchObject({ complete: true, exit: 0, rows: whole.rows })
      const none = await runWith(kind, cut, /-02/)
      expect(none).toMatchObject({ complete: false, exit: 3 })
      const day = { from: parseMicros('2025-02-04'), to: parseMicros('2025-02-05') }
      // Where REST sends nothing at all, the ends of the files beside it cannot be proven either.
      expect(subtractAll([day], none.series[0]?.missing ?? [])).toEqual([])
      expect(none.rows).toBeGreaterThan((whole.rows * 2) / 3 - 1)
      expect(none.series[0]?.error?.message).toContain('unavailable-from-rest')
    },
  )
})

test('a hole among trades of one day is missing where REST says nothing at all', async () => {
  const rules = [
    without('aggTrades-2025-01-10.zip', (index) => index >= 1_500 && index < 1_505),
    { path: 'monthly/aggTrades', fault: { kind: 'missing' } as const },
  ]
  const [from, to] = ['2025-01-10', '2025-01-11'] as const
  const begins = { listedAt: parseMicros(from), firstAggTradeId: 0, aggTradesPerDay: 3_000 }
  const symbols = [{ symbol: 'BTCUSDT', ...begins, restHistoryFrom: 10n ** 12n }]
  const job = archiveJob(TRADES, [from, to], 'auto')
  const { dataDir, told } = await lakeOf(rules, job, undefined, { symbols })
  expect(told.summary).toMatchObject({ complete: false, exit: 3 })
  const { series } = await status([], { dataDir })
  expect(series[0]?.gaps.map(({ reason }) => reason)).not.toContain('before-listing')
})

test('trades in one partition a month: a bad day takes none of the others back', async () => {
  const span = ['2025-03-03', '2025-03-08'] as const
  const text = (lines: readonly string[]): string[] => [...lines.slice(0, 500), 'x']
  const rules: ArchiveRule[] = [{ path: '-2025-03-05.zip', fault: { kind: 'lines', change: text } }]
  const job = archiveJob(TRADES, span, 'auto', ['partition: month'])
  const { dataDir, told } = await lakeOf(rules, job)
  expect(told.summary).toMatchObject({ complete: true, exit: 0 })
  expect(await storedRows(dataDir, TRADES_PATH, 'agg_trade_id')).toEqual(
    await truthOf(TRADES, span),
  )
})
