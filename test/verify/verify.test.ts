/** `verify`: a sound lake passes, and nothing that happens to one goes unnoticed or unnamed. */

import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import type { Finding } from '../../src/verify/verify.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { readFooter } from '../../src/store/parquet/read.ts'
import { change, codesOf, verifyLake } from '../support/checked.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'

const LISTED = parseMicros('2026-10-31T06:00')
const EXCHANGE = {
  symbols: [
    {
      symbol: 'BTCUSDT',
      listedAt: LISTED,
      aggTradesPerDay: 3_000,
      outages: [{ from: parseMicros('2026-11-01T10:00'), to: parseMicros('2026-11-01T12:30') }],
    },
  ],
}
const JOB = `
version: 1
symbols: [BTCUSDT]
from: 2026-10-30
to: 2026-11-03
numbers: decimal
datasets:
  - kind: klines
    intervals: [1m, 1h]
    partition: day
  - kind: aggTrades
`
const KLINES = 'spot/klines/interval=1h/symbol=BTCUSDT'
const TRADES = 'spot/aggTrades/symbol=BTCUSDT'
const DAY = `${TRADES}/period=2026-11-01/data.parquet`

const lake = sharedLake(JOB, EXCHANGE)

/** A copy of the lake to be damaged. */
async function copied(): Promise<string> {
  const dataDir = await tempDir()
  await cp(lake.dataDir, dataDir, { recursive: true })
  return dataDir
}

function found(findings: readonly Finding[], code: string): Finding {
  const finding = findings.find((one) => one.code === code)
  if (finding !== undefined) return finding
  throw new Error(`no ${code} in ${JSON.stringify(findings)}`)
}

test('a sound lake has no findings, and a verdict for every series', async () => {
  const report = await verifyLake({ dataDir: lake.dataDir })
  expect(report.findings).toEqual([])
  expect(report.ok).toBe(true)
  expect(report.series.map(({ verdict }) => verdict)).toEqual([
    'complete with 1 known gap',
    'complete with 2 known gaps',
    'complete with 2 known gaps',
  ])
  expect(report.rows).toBe(lake.summary.rows)
  expect(report.partitions).toBe(lake.summary.partitions)
})

describe('with a job', () => {
  const hours = (symbols: string, to = '2026-11-03'): string =>
    `{version: 1, from: 2026-10-30, to: ${to}, symbols: ${symbols}, datasets: [{kind: klines, intervals: [1h]}]}`

  test('what it wants and the lake lacks is not complete, and no damage either', async () => {
    const wider = hours('[BTCUSDT, XRPUSDT]', '2026-11-04')
    const { ok, series } = await verifyLake({ dataDir: lake.dataDir }, wider)
    expect(series.map(({ key, verdict, rows }) => [key.symbol, verdict, rows > 0])).toEqual([
      [
        'BTCUSDT',
        'incomplete: missing 2026-11-03T00:00:00.000000Z to 2026-11-04T00:00:00.000000Z',
        true,
      ],
      [
        'XRPUSDT',
        'incomplete: missing 2026-10-30T00:00:00.000000Z to 2026-11-04T00:00:00.000000Z',
        false,
      ],
    ])
    expect(ok).toBe(true)
  })

  test.each([
    ['{quote: USDT}', ['BTCUSDT']],
    ['{base: BTC, status: TRADING}', ['BTCUSDT']],
    ['{quote: BTC}', []],
    ['{base: ETH}', []],
    ['{quote: USDT, exclude: [BTCUSDT]}', []],
  ])('the filter %s chooses among the names in the lake', async (filter, symbols) => {
    const { series } = await verifyLake({ dataDir: lake.dataDir }, hours(filter))
    expect(series.map(({ key }) => `${key.interval} ${key.symbol}`)).toEqual(
      symbols.map((symbol) => `1h ${symbol}`),
    )
  })
})

test('n subsets cover every file once, however many come in between', async () => {
  const dataDir = await copied()
  const checked: number[] = []
  for (const index of [1, 2, 3, 4, 5]) {
    const { partitions } = await verifyLake({ dataDir, subset: { index, count: 5 } })
    checked.push(partitions)
  }
  expect(checked.reduce((sum, count) => sum + count, 0)).toBe(lake.summary.partitions)
  expect(Math.max(...checked)).toBeLessThan(lake.summary.partitions)
})

describe('damage', () => {
  test('a flipped bit in the data is named by file, row group and column', async () => {
    const dataDir = await copied()
    const file = await nodeFiles(dataDir).open(DAY)
    const footer = await readFooter(file!)
    await file!.close()
    const [group] = footer.rowGroups
    for (const [column, { name }] of footer.shapes.entries()) {
      const { from, to } = group!.chunks[column]!
      const flip = (bytes: Buffer): Buffer => {
        bytes[to - 1]! ^= 0x10
        return bytes
      }
      expect(from).toBeLessThan(to)
      await change(dataDir, DAY, flip)
      const { ok, findings } = await verifyLake({ dataDir })
      expect(ok).toBe(false)
      const finding = found(findings, 'corrupt-column')
      expect(finding.path).toBe(DAY)
      expect(finding.message).toContain(`row group 0, column ${name}`)
      expect(finding.hint).toContain('verify --rebuild')
      await change(dataDir, DAY, flip)
    }
    expect((await verifyLake({ dataDir })).ok).toBe(true)
  })

  test('a flipped bit in any byte of a file is damage', async () => {
    const dataDir = await copied()
    const path = `${KLINES}/period=2026-11-02/data.parquet`
    const size = (await readFile(join(dataDir, path))).length
    const yaml = JOB.replace('intervals: [1m, 1h]', 'intervals: [1h]').replace(
      '  - kind: aggTrades\n',
      '',
    )
    const unnoticed: number[] = []
    for (let at = 0; at < size; at += 7) {
      const flip = (bytes: Buffer): Buffer => {
        bytes[at]! ^= 1 << (at % 8)
        return bytes
      }
      await change(dataDir, path, flip)
      const { ok, findings } = await verifyLake({ dataDir }, yaml)
      if (ok || !findings.some((finding) => finding.path === path)) unnoticed.push(at)
      await change(dataDir, path, flip)
    }
    expect(unnoticed).toEqual([])
  })

  test('a flipped bit in a page header is named too', async () => {
    const dataDir = await copied()
    const path = `${KLINES}/period=2026-11-02/data.parquet`
    const file = await nodeFiles(dataDir).open(path)
    const footer = await readFooter(file!)
    await file!.close()
    for (const [column, { name }] of footer.shapes.entries()) {
      const { from } = footer.rowGroups[0]!.chunks[column]!
      for (let at = from; at < from + 12; at++)
        for (const bit of [1, 16]) {
          const flip = (bytes: Buffer): Buffer => {
            bytes[at]! ^= bit
            return bytes
          }
          await change(dataDir, path, flip)
          const { findings } = await verifyLake({ dataDir })
          const named = findings.filter(({ message }) => message.includes(`column ${name}`))
          expect(named, `byte ${at - from}, bit ${bit} of ${name}`).not.toEqual([])
          await change(dataDir, path, flip)
        }
    }
  })

  test.each([0, 1, 4, 100, -1, -5, -2_000])('a file cut at %i is damage', async (at) => {
    const dataDir = await copied()
    await change(dataDir, DAY, (bytes) => bytes.subarray(0, at < 0 ? bytes.length + at : at))
    const { ok, findings } = await verifyLake({ dataDir })
    expect(ok).toBe(false)
    expect(findings.map(({ path }) => path)).toContain(DAY)
  })

  test('a file that is gone is damage, and so is one in the place of another', async () => {
    const dataDir = await copied()
    await rm(join(dataDir, DAY))
    const gone = await verifyLake({ dataDir })
    expect(found(gone.findings, 'file-missing')).toMatchObject({ path: DAY, severity: 'damage' })
    await cp(join(dataDir, `${TRADES}/period=2026-11-02/data.parquet`), join(dataDir, DAY))
    const wrong = await verifyLake({ dataDir })
    expect(found(wrong.findings, 'unreadable').message).toContain('it holds 2026-11-02')
    await cp(join(dataDir, `${KLINES}/period=2026-11-01/data.parquet`), join(dataDir, DAY))
    const foreign = await verifyLake({ dataDir })
    expect(found(foreign.findings, 'unreadable').message).toContain('it holds spot klines')
  })

  test.each(['0', 'é', ' ', '"'])(
    'a manifest with one character replaced by %j is damage',
    async (by) => {
      const dataDir = await copied()
      const path = `${KLINES}/_series.json`
      const text = (await readFile(join(dataDir, path))).toString()
      const at = text.indexOf('2026-11-02T')
      await writeFile(join(dataDir, path), text.slice(0, at) + by + text.slice(at + 1))
      const { ok, findings, series } = await verifyLake({ dataDir })
      expect(ok).toBe(false)
      expect(found(findings, 'manifest-damaged')).toMatchObject({ path })
      expect(found(findings, 'manifest-damaged').hint).toContain('verify --rebuild')
      expect(series.map(({ verdict }) => verdict)).toContain('damaged')
    },
  )
})

describe('what does not belong', () => {
  test('files of others and leftovers are told apart from damage', async () => {
    const dataDir = await copied()
    const strangers = [
      `${TRADES}/period=2026-11-01/._data.parquet`,
      `${TRADES}/period=2026-11-01/copy.parquet`,
      `${TRADES}/.DS_Store`,
      `${TRADES}/notes.txt`,
      'spot/readme.md',
      'spot/klines/interval=9h/symbol=BTCUSDT/data.parquet',
    ]
    for (const path of strangers) {
      await mkdir(join(dataDir, path, '..'), { recursive: true })
      await writeFile(join(dataDir, path), 'x')
    }
    await mkdir(join(dataDir, '_tmp'), { recursive: true })
    await writeFile(join(dataDir, '_tmp/1-aa.tmp'), 'x')
    await writeFile(join(dataDir, `${TRADES}/_mine`), 'x')
    const { ok, findings } = await verifyLake({ dataDir })
    expect(ok).toBe(true)
    const foreign = findings.filter(({ code }) => code === 'foreign-file')
    expect(foreign.map(({ path }) => path).sort()).toEqual([...strangers].sort())
    expect(found(findings, 'leftover')).toMatchObject({ severity: 'note', path: '_tmp/1-aa.tmp' })
    expect(findings).toHaveLength(strangers.length + 1)
  })

  test('a file that no run can have published there is damage, named by its place', async () => {
    const dataDir = await copied()
    const place = (period: string): string => `${TRADES}/period=${period}/data.parquet`
    const put = async (period: string, bytes: Uint8Array): Promise<void> => {
      await mkdir(join(dataDir, place(period), '..'))
      await writeFile(join(dataDir, place(period)), bytes)
    }
    await put('2026-11-05', await readFile(join(dataDir, DAY)))
    await put(
      '2026-11-06',
      await readFile(join(dataDir, `${KLINES}/period=2026-11-01/data.parquet`)),
    )
    await put('2026-11-07', Buffer.from('PAR1'))
    const { ok, findings } = await verifyLake({ dataDir })
    expect(ok).toBe(false)
    expect(findings.map(({ code, path }) => `${code} ${path}`).sort()).toEqual(
      ['2026-11-05', '2026-11-06', '2026-11-07'].map((period) => `unreadable ${place(period)}`),
    )
  })

  test('an empty directory that a run left is nothing', async () => {
    const dataDir = await copied()
    await mkdir(join(dataDir, 'spot/aggTrades/symbol=ETHUSDT/period=2026-11-01'), {
      recursive: true,
    })
    const report = await verifyLake({ dataDir })
    expect(report.findings).toEqual([])
    expect(report.series).toHaveLength(3)
  })

  test('a series without a manifest is damage, and its files are looked at all the same', async () => {
    const dataDir = await copied()
    await rm(join(dataDir, `${TRADES}/_series.json`))
    await change(dataDir, DAY, (bytes) => {
      bytes[1_000]! ^= 1
      return bytes
    })
    const { ok, findings } = await verifyLake({ dataDir })
    expect(ok).toBe(false)
    expect(found(findings, 'manifest-missing').path).toBe(`${TRADES}/_series.json`)
    expect(found(findings, 'corrupt-column').path).toBe(DAY)
  })

  test('what a run published and did not record is a warning, and the next run takes it in', async () => {
    const simulator = await serve({ exchange: EXCHANGE })
    const dataDir = await tempDir()
    const options = { dataDir, baseUrls: [simulator.url] }
    await run(JOB.replace('to: 2026-11-03', 'to: 2026-11-02T12:00:00Z'), options)
    const manifest = join(dataDir, `${TRADES}/_series.json`)
    await rename(manifest, `${manifest}.old`)
    await run(JOB, options)
    await rename(`${manifest}.old`, manifest)
    const report = await verifyLake({ dataDir })
    expect(report.ok).toBe(true)
    expect(codesOf(report)).toEqual(['not-recorded'])
    const asked = simulator.log.count
    const { summary } = await run(JOB, options)
    expect(summary).toMatchObject({ complete: true, rows: 0 })
    expect(simulator.log.count - asked).toBe(2)
    expect((await verifyLake({ dataDir })).findings).toEqual([])
  })
})

test('trades that no aggregate names, and are named twice, are a warning: in a file and between two', async () => {
  const from = parseMicros('2026-11-01')
  // The trades of each aggregate; a third of a day apart, so that the third ends one day and the fourth begins another.
  const named = [
    [1n, 2n],
    [4n, 5n],
    [6n, 6n],
    [9n, 9n],
    [9n, 10n],
    [11n, 11n],
  ] as const
  const aggTrades = named.map(([firstTradeId, lastTradeId], index) => ({
    id: BigInt(index),
    price: '1.00000000',
    quantity: '1.00000000',
    firstTradeId,
    lastTradeId,
    time: micros(from + BigInt(index) * 28_800_000_000n),
    isBuyerMaker: true,
    isBestMatch: true,
  }))
  const exchange = { symbols: [{ symbol: 'BTCUSDT', listedAt: from, rows: { aggTrades } }] }
  const { url } = await serve({ exchange })
  const dataDir = await tempDir()
  const job = `
version: 1
symbols: [BTCUSDT]
from: 2026-11-01
to: 2026-11-03
datasets: [{kind: aggTrades}]
`
  expect((await run(job, { dataDir, baseUrls: [url] })).summary.exit).toBe(0)
  const { ok, findings } = await verifyLake({ dataDir })
  expect(ok).toBe(true)
  const told = findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
  expect(told.sort()).toEqual([
    'warning chain-breaks: 2026-11-01 ends with trade 6, 2026-11-02 begins with 9',
    'warning chain-breaks: trade ids are not chained in 1 place',
    'warning chain-breaks: trade ids are not chained in 1 place',
  ])
})

test('verify changes nothing', async () => {
  const dataDir = await copied()
  const before = await contents(dataDir)
  const entries = (await readdir(dataDir, { recursive: true })).sort()
  await verifyLake({ dataDir })
  expect(await contents(dataDir)).toEqual(before)
  expect((await readdir(dataDir, { recursive: true })).sort()).toEqual(entries)
})
