/** The archive through the whole run: what it has is taken, what it lacks comes from REST, and both make one truth. */

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import type { ArchiveRule, ExchangeOptions } from '../../src/simulator/index.ts'
import { doors } from '../support/archive-jobs.ts'
import { statusOfOne } from '../support/checked.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { FILES_FIRST } from '../support/speeds.ts'

function exchange(
  rules: readonly ArchiveRule[] = [],
  rest: Partial<ExchangeOptions> = {},
): ExchangeOptions {
  return {
    symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: 3_000 }],
    archive: { rules },
    ...rest,
  }
}

function klines(source: string, interval = '15m', from = '2024-12-20', to = '2025-01-12'): string {
  return `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT]
    intervals: [${interval}]
    from: ${from}
    to: ${to}
    source: ${source}
    numbers: string
`
}

function trades(kind: string, source: string): string {
  return `
version: 1
datasets:
  - kind: ${kind}
    symbols: [BTCUSDT]
    from: 2025-03-04
    to: 2025-03-08T12:00:00Z
    source: ${source}
`
}

/** Rows of a series, without regard to which file they are in. */
async function rows(dataDir: string, path: string, key: string): Promise<unknown[]> {
  return query(`SELECT * FROM ${parquet(dataDir, path)} ORDER BY ${key}`)
}

test('klines across the switch to microseconds are the same rows from archive, REST and both', async () => {
  const simulator = await serve({ exchange: exchange() })
  const lakes: Record<string, string> = {}
  for (const source of ['rest', 'archive', 'auto']) {
    const dataDir = await tempDir()
    lakes[source] = dataDir
    const { summary } = await run(klines(source, '1m, 1h, 1d'), { dataDir, ...doors(simulator) })
    expect(summary, source).toMatchObject({ complete: true, exit: 0 })
  }
  for (const interval of ['1m', '1h', '1d']) {
    const path = `spot/klines/interval=${interval}/symbol=BTCUSDT`
    const truth = await rows(lakes['rest']!, path, 'open_time')
    expect(truth.length).toBeGreaterThan(20)
    expect(await rows(lakes['archive']!, path, 'open_time')).toEqual(truth)
    expect(await rows(lakes['auto']!, path, 'open_time')).toEqual(truth)
  }
  // Not only the rows: the files are the same bytes up to their footers, which name the source.
  const pages = await Promise.all(Object.values(lakes).map(dataPages))
  expect(Object.keys(pages[0]!).length).toBeGreaterThan(5)
  expect(pages[1]).toEqual(pages[0])
  expect(pages[2]).toEqual(pages[0])
})

test.each([
  ['REST first and the archive later', 'rest', 'archive'],
  ['the archive first and REST later', 'archive', 'rest'],
  ['the archive first and what it has later', 'archive', 'auto'],
  ['REST first and both later', 'rest', 'auto'],
])('klines across the switch, in runs of their own: %s', async (_, first, later) => {
  const intervals = '15m, 1h, 1d'
  const simulator = await serve({ exchange: exchange() })
  const truth = await tempDir()
  await run(klines('rest', intervals), { dataDir: truth, ...doors(simulator) })
  const wanted = await dataPages(truth)
  const known = await manifests(truth)
  expect(Object.keys(known)).toHaveLength(3)
  expect(Object.keys(wanted).length).toBeGreaterThan(5)
  // Before the switch, at it, and after it; in the middle of a day and at its end.
  for (const until of ['2024-12-31T10:00:00Z', '2025-01-01', '2025-01-01T10:00:00Z']) {
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    await run(klines(first, intervals, '2024-12-20', until), options)
    const { summary } = await run(klines(later, intervals), options)
    expect(summary, until).toMatchObject({ complete: true, exit: 0 })
    expect(summary.series.map(({ revisions }) => revisions)).toEqual([0, 0, 0])
    expect(await dataPages(options.dataDir), until).toEqual(wanted)
    expect(await manifests(options.dataDir), until).toEqual(known)
  }
})

/** All that manifests, and so footers, say beside where rows came from. */
async function manifests(dataDir: string): Promise<Record<string, unknown>> {
  const ofSource = new Set(['sources', 'archives', 'bytes', 'sha256', 'checksum'])
  const paths = Object.keys(await contents(dataDir)).filter((path) => path.endsWith('_series.json'))
  const texts = await Promise.all(paths.map((path) => readFile(join(dataDir, path), 'utf8')))
  const plain = (text: string): unknown =>
    JSON.parse(text, (name, value: unknown) => (ofSource.has(name) ? undefined : value))
  return Object.fromEntries(paths.map((path, index) => [path, plain(texts[index] ?? '')]))
}

/** Hashes of all data files without their footers, by path. */
async function dataPages(dataDir: string): Promise<Record<string, string>> {
  const paths = Object.keys(await contents(dataDir)).filter((path) => path.endsWith('.parquet'))
  const hashes = paths.map(async (path) => {
    const bytes = await readFile(join(dataDir, path))
    const pages = bytes.subarray(0, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8))
    return [path, createHash('sha256').update(pages).digest('hex')] as const
  })
  return Object.fromEntries(await Promise.all(hashes))
}

test.each(['aggTrades', 'trades'])(
  '%s are the same rows from archive, REST and both',
  async (kind) => {
    const simulator = await serve({ exchange: exchange() })
    const key = kind === 'trades' ? 'trade_id' : 'agg_trade_id'
    const found: Record<string, unknown[]> = {}
    for (const source of ['rest', 'auto']) {
      const dataDir = await tempDir()
      const { summary } = await run(trades(kind, source), { dataDir, ...doors(simulator) })
      expect(summary, source).toMatchObject({ complete: true, exit: 0 })
      found[source] = await rows(dataDir, `spot/${kind}/symbol=BTCUSDT`, key)
    }
    expect(found['auto']).toEqual(found['rest'])
  },
)

test('a second run with the archive asks for no rows and changes no byte', async () => {
  const simulator = await serve({ exchange: exchange() })
  const options = { dataDir: await tempDir(), ...doors(simulator) }
  await run(klines('auto'), options)
  const before = await contents(options.dataDir)
  const asked = simulator.log.count
  const { summary } = await run(klines('auto'), options)
  expect(summary).toMatchObject({ complete: true, rows: 0 })
  const later = simulator.log.entries.slice(asked).map(({ path }) => path)
  expect(later).toEqual(['/api/v3/time', '/api/v3/exchangeInfo'])
  expect(await contents(options.dataDir)).toEqual(before)
})

test.each<[string, ArchiveRule['fault']]>([
  ['missing', { kind: 'missing' }],
  ['of another checksum', { kind: 'wrongChecksum' }],
  ['cut short', { kind: 'cutZip', fraction: 0.5, isSealed: true }],
  ['without its last rows', { kind: 'cutRows', fraction: 0.6 }],
  ['with two entries', { kind: 'twoEntries' }],
  ['of another period', { kind: 'wrongPeriod' }],
  ['with a header', { kind: 'header' }],
  ['with each row twice', { kind: 'duplicated' }],
  [
    'with text for a number',
    {
      kind: 'lines',
      change: (lines) => lines.map((line, i) => (i === 700 ? line.replace(/,\d/, ',x') : line)),
    },
  ],
])('a file that is %s loses no row', async (_, fault) => {
  const rules = [
    { path: 'klines/BTCUSDT/15m/BTCUSDT-15m-2024-12', fault },
    { path: '-2025-03-05.zip', fault },
  ]
  const [clean, faulty] = [
    await serve({ exchange: exchange() }),
    await serve({ exchange: exchange(rules) }),
  ]
  for (const [job, path, key] of [
    [klines('rest'), 'spot/klines/interval=15m/symbol=BTCUSDT', 'open_time'],
    [trades('aggTrades', 'rest'), 'spot/aggTrades/symbol=BTCUSDT', 'agg_trade_id'],
  ] as const) {
    const [truth, lake] = [await tempDir(), await tempDir()]
    await run(job, { dataDir: truth, ...doors(clean) })
    const { summary } = await run(job.replace('source: rest', 'source: auto'), {
      dataDir: lake,
      ...doors(faulty),
    })
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    expect(await rows(lake, path, key)).toEqual(await rows(truth, path, key))
  }
})

test('from the archive alone, what it lacks is missing and said so', async () => {
  const rules = [{ path: '15m-2024-12-30.zip', fault: { kind: 'missing' } as const }]
  const monthly = { path: '15m-2024-12.zip', fault: { kind: 'missing' } as const }
  const simulator = await serve({ exchange: exchange([...rules, monthly]) })
  const { summary } = await run(klines('archive'), {
    dataDir: await tempDir(),
    ...doors(simulator),
  })
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  const minute = summary.series.find(({ key }) => key.interval === '15m')
  expect(minute?.missing).toEqual([
    { from: parseMicros('2024-12-30'), to: parseMicros('2024-12-31') },
  ])
  expect(minute?.error?.message).toContain('not-published')
})

test.each([
  ['a day in one run', ['2025-03-12']],
  ['the time after the run before', ['2025-03-05', '2025-03-12']],
])('an outage that begins %s is an outage, inside a partition too', async (_, ends) => {
  const day = { from: parseMicros('2025-03-05T00:00'), to: parseMicros('2025-03-05T05:00') }
  const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: 300, outages: [day] }]
  const rules = [{ path: '1h-2025-03.zip', fault: { kind: 'missing' } as const }]
  const simulator = await serve({ exchange: exchange(rules, { symbols }) })
  const dataDir = await tempDir()
  for (const to of ends)
    await run(klines('archive', '1h', '2025-03-01', to), { dataDir, ...doors(simulator) })
  expect((await statusOfOne({ dataDir })).gaps).toMatchObject([{ reason: 'outage' }])
})

test('an archive that cannot be reached is done without', async () => {
  const simulator = await serve({ exchange: exchange() })
  const { summary, events } = await run(klines('auto', '15m', '2024-12-30', '2025-01-02'), {
    dataDir: await tempDir(),
    baseUrls: [simulator.url],
    archiveUrl: 'http://127.0.0.1:9',
    speed: FILES_FIRST,
  })
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  const warnings = events.filter((event) => event.kind === 'warning')
  expect(warnings).toHaveLength(1)
})

test('an archive that was replaced is taken anew, as revisions, and only where it changed', async () => {
  const rule = { path: '15m-2024-12.zip', fault: { kind: 'replaced' } as const }
  const before = await serve({ exchange: exchange() })
  const after = await serve({ exchange: exchange([rule]) })
  const dataDir = await tempDir()
  const job = klines('archive')
  await run(job, { dataDir, ...doors(before) })
  const old = await contents(dataDir)
  const calm = await run(job, { dataDir, ...doors(before), refreshArchives: true })
  expect(calm.summary).toMatchObject({ complete: true, partitions: 0 })
  expect(await contents(dataDir)).toEqual(old)

  const { summary } = await run(job, { dataDir, ...doors(after), refreshArchives: true })
  expect(summary).toMatchObject({ complete: true, exit: 0, partitions: 1 })
  expect(summary.series[0]?.revisions).toBeGreaterThan(0)
  const now = await contents(dataDir)
  const changed = Object.keys(now).filter((path) => now[path] !== old[path])
  expect(changed.sort()).toEqual([
    'spot/klines/interval=15m/symbol=BTCUSDT/_series.json',
    'spot/klines/interval=15m/symbol=BTCUSDT/period=2024-12/data.parquet',
  ])
})

test('archives that are kept are used again', async () => {
  const simulator = await serve({ exchange: exchange() })
  const keepArchives = await tempDir()
  const zips = (): number =>
    simulator.log.entries.filter(({ path }) => path.endsWith('.zip')).length
  await run(klines('archive'), { dataDir: await tempDir(), ...doors(simulator), keepArchives })
  const first = zips()
  expect(first).toBeGreaterThan(0)
  const { summary } = await run(klines('archive'), {
    dataDir: await tempDir(),
    ...doors(simulator),
    keepArchives,
  })
  expect(summary).toMatchObject({ complete: true })
  expect(zips()).toBe(first)
})
