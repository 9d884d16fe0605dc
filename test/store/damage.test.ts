/** Damage of data files, met by a run: told with the file's path, carried over into no other file, and its series' own. */

import { describe, expect, it } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { parseMicros } from '../../src/base/time.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readTable } from '../../src/query/read.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { readFooter } from '../../src/store/parquet/read.ts'
import { status } from '../../src/query/status.ts'
import { verify, type Finding, type VerifyOptions } from '../../src/verify/verify.ts'
import { expectSameLake, rowsOf } from '../support/chaos.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { attempt, lakeOf, virtualWorld, type Ended, type VirtualWorld } from '../support/virtual.ts'
import { bytesOf, put } from '../support/put.ts'

const job = (to: string): string => `
version: 1
compression: snappy
source: rest
symbols: [BTCUSDT]
from: 2026-03-01
to: ${to}
datasets:
  - {kind: klines, intervals: [1h], partition: day}
  - {kind: aggTrades}
`
/** A day and a half; the run after it completes the second day's file. */
const HALF = job('2026-03-02T12:00:00Z')
const WHOLE = job('2026-03-03')
const SERIES = ['spot/klines/interval=1h/symbol=BTCUSDT', 'spot/aggTrades/symbol=BTCUSDT'] as const
const MERGED = SERIES.map((series) => `${series}/period=2026-03-02/data.parquet`)
const KEYS: readonly SeriesKey[] = [
  { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' },
  { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' },
]
const MEND =
  'Move the file out of the lake, then: binance-backfill verify --rebuild, and run the job again.'

type Lake = Readonly<Record<string, Uint8Array>>

function newExchange(): Exchange {
  const listedAt = parseMicros('2026-02-27T09:00')
  return new Exchange({ symbols: [{ symbol: 'BTCUSDT', listedAt, aggTradesPerDay: 60 }] })
}

function worldAround(files: Files): VirtualWorld {
  return virtualWorld(newExchange(), { files })
}

async function lakeOfJob(yaml: string): Promise<Lake> {
  const files = memFiles()
  expect(await attempt(yaml, { world: worldAround(files) })).toMatchObject({ exit: 0 })
  return lakeOf(files)
}

/** A lake in memory with some files in another state. */
async function lakeWith(lake: Lake, others: Lake): Promise<MemFiles> {
  const files = memFiles()
  for (const [path, bytes] of Object.entries({ ...lake, ...others })) await put(files, path, bytes)
  return files
}

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[at]! ^= 1 << bit
  return changed
}

/** What a run must make of a damaged file: its series fails and says where, the other one is done. */
async function expectRefused(
  files: Files,
  path: string,
  yaml: string,
  about: string,
): Promise<Ended> {
  const before = await bytesOf(files, path)
  const ended = await attempt(yaml, { world: worldAround(files) })
  expect(ended.exit, about).toBe(4)
  const isOf = path.startsWith(SERIES[0]) ? [false, true] : [true, false]
  expect(
    ended.summary?.series.map(({ complete }) => complete),
    about,
  ).toEqual(isOf)
  const error = ended.summary?.series.find(({ complete }) => !complete)?.error
  expect(error, about).toMatchObject({ code: 'E_DAMAGED' })
  expect(error?.message, about).toContain(path)
  expect(await bytesOf(files, path), about).toEqual(before)
  return ended
}

async function findingsOf(files: Files, options: VerifyOptions = {}): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for await (const step of verify([], { ...options, world: worldAround(files) }))
    if (step.kind === 'finding') findings.push(step.finding)
  return findings
}

/** What the hint says, step by step, and that it mends: the lake is as if nothing had happened. */
async function followHint(files: Files, path: string, yaml: string): Promise<void> {
  await files.remove(path)
  const rebuilt = await findingsOf(files, { rebuild: true })
  expect(rebuilt.filter(({ severity }) => severity === 'damage')).toEqual([])
  const again = await attempt(yaml, { world: worldAround(files) })
  expect(again).toMatchObject({ exit: 0, error: undefined })
  expectSameLake(await lakeOf(files), await lakeOfJob(yaml), path)
  expect(await findingsOf(files)).toEqual([])
}

/** Bytes between two that are tried; 1 tries all. */
const STRIDE = Number(process.env['DAMAGE_STRIDE'] ?? 131)

describe.each(MERGED)('a run that merges %s', (path) => {
  it('refuses it with any byte changed, and does the other series', async () => {
    const half = await lakeOfJob(HALF)
    const bytes = half[path]!
    for (let at = 0; at < bytes.length; at += STRIDE) {
      const files = await lakeWith(half, { [path]: flipped(bytes, at, at % 8) })
      await expectRefused(files, path, WHOLE, `byte ${at}`)
    }
  })

  it('refuses it cut short anywhere, or longer', async () => {
    const half = await lakeOfJob(HALF)
    const bytes = half[path]!
    const lengths = [0, 1, 4, 8, 11, 12, 13, bytes.length - 1, bytes.length - 8]
    for (let at = STRIDE; at < bytes.length; at += 3 * STRIDE) lengths.push(at)
    for (const length of lengths) {
      const files = await lakeWith(half, { [path]: bytes.subarray(0, length) })
      await expectRefused(files, path, WHOLE, `${length} bytes`)
    }
    const longer = Buffer.concat([bytes, Buffer.from([0])])
    await expectRefused(await lakeWith(half, { [path]: longer }), path, WHOLE, 'longer')
  })

  it('says where the damage is, and its hint mends it', async () => {
    const half = await lakeOfJob(HALF)
    const bytes = half[path]!
    const file = await (await lakeWith(half, {})).open(path)
    const { rowGroups, shapes } = await readFooter(file!)
    const { from, to } = rowGroups[0]!.chunks[1]!
    for (const [at, where] of [
      [to - 1, `row group 0, column ${shapes[1]!.name}`],
      [from + 1, `column ${shapes[1]!.name}`],
      [to + 1, ''],
      [bytes.length - 100, ''],
    ] as const) {
      const files = await lakeWith(half, { [path]: flipped(bytes, at, 4) })
      const { summary } = await expectRefused(files, path, WHOLE, `byte ${at}`)
      const error = summary?.series.find(({ complete }) => !complete)?.error
      expect(error?.message).toContain(where)
      expect(error?.hint).toBe(MEND)
      await followHint(files, path, WHOLE)
    }
  })

  it('refuses another series’ file, and another period’s, in its place; the hint mends it', async () => {
    const half = await lakeOfJob(HALF)
    const strangers = Object.keys(half).filter((one) => one.endsWith('.parquet') && one !== path)
    for (const stranger of strangers) {
      const files = await lakeWith(half, { [path]: half[stranger]! })
      await expectRefused(files, path, WHOLE, stranger)
      await followHint(files, path, WHOLE)
    }
  })
})

describe.each(MERGED)('a run with nothing to do, where %s is not as recorded', (path) => {
  async function states(): Promise<{
    whole: Lake
    bad: readonly (readonly [string, Uint8Array])[]
  }> {
    const [half, whole] = [await lakeOfJob(HALF), await lakeOfJob(WHOLE)]
    const bytes = whole[path]!
    const bad = [
      ['older', half[path]!],
      ['empty', new Uint8Array()],
      ['cut', bytes.subarray(0, bytes.length - 5)],
      ['longer', Buffer.concat([bytes, bytes])],
      ['no Parquet', Buffer.from('not a Parquet file, however long it may be')],
      ['another series', whole[MERGED.find((other) => other !== path)!]!],
    ] as const
    return { whole, bad }
  }

  it('run, status, readers and verify all say so, and the hint mends it', async () => {
    const { whole, bad } = await states()
    for (const [name, bytes] of bad) {
      const files = await lakeWith(whole, { [path]: bytes })
      const ended = await expectRefused(files, path, WHOLE, name)
      const error = ended.summary?.series.find(({ complete }) => !complete)?.error
      expect(error?.hint, name).toBe(MEND)

      const world = worldAround(files)
      for (const jobs of [[], [parseJob(WHOLE, 'test.yaml')]]) {
        const { series } = await status(jobs, { world })
        const isDamaged = series.map(({ verdict }) => verdict.startsWith(`damaged: ${path}: `))
        expect(
          isDamaged.filter((is) => is),
          name,
        ).toHaveLength(1)
      }
      const damage = (await findingsOf(files)).filter(({ severity }) => severity === 'damage')
      expect(
        damage.map((one) => one.path),
        name,
      ).toContain(path)
      const query = path.includes('klines')
        ? ({ dataset: 'klines', interval: '1h' } as const)
        : ({ dataset: 'aggTrades' } as const)
      await expect(readTable({ ...query, symbol: 'BTCUSDT', world }), name).rejects.toMatchObject({
        code: 'E_DAMAGED',
        message: expect.stringContaining(path) as string,
      })
      await followHint(files, path, WHOLE)
    }
  })

  it('one that says more than was recorded is taken in', async () => {
    const [half, whole] = [await lakeOfJob(HALF), await lakeOfJob(WHOLE)]
    const files = await lakeWith(half, { [path]: whole[path]! })
    expect(await attempt(HALF, { world: worldAround(files) })).toMatchObject({ exit: 0 })
    expect(await bytesOf(files, path)).toEqual(whole[path])
    expect(await findingsOf(files)).toEqual([])
    expect(await attempt(WHOLE, { world: worldAround(files) })).toMatchObject({ exit: 0 })
    expectSameLake(await lakeOf(files), whole)
  })

  it('one that says more, and is damaged, is not: no hash of its own is taken for the right one', async () => {
    const [half, whole] = [await lakeOfJob(HALF), await lakeOfJob(WHOLE)]
    const bytes = whole[path]!
    for (let at = 4; at < bytes.length; at += 3 * STRIDE) {
      const files = await lakeWith(half, { [path]: flipped(bytes, at, 3) })
      const { exit, summary } = await attempt(HALF, { world: worldAround(files) })
      const [failed] = summary?.series.flatMap(({ error }) => error ?? []) ?? []
      if (exit === 4) expect(failed?.message).toContain(path)
      // Statistics and indexes are beside the rows: without a hash nothing tells that they are others.
      else await expectSameRows(path, files, await lakeWith(whole, {}))
    }
  })
})

async function expectSameRows(path: string, files: Files, truth: Files): Promise<void> {
  const key = KEYS[SERIES.findIndex((series) => path.startsWith(series))]!
  expect(await rowsOf(files, key)).toEqual(await rowsOf(truth, key))
}

describe('a first commit that was cut short before its manifest', () => {
  it.each([
    ['numbers', 'numbers: string', 'stored with numbers: float64', 'numbers: float64'],
    ['partition', 'partition: month', 'stored by day', 'partition: day'],
  ])('a job with other %s is refused before anything is done', async (_, other, why, hint) => {
    const half = await lakeOfJob(HALF)
    const files = await lakeWith(half, {})
    for (const series of SERIES) await files.remove(`${series}/_series.json`)
    const yaml = WHOLE.replace('partition: day', '').replace(
      'source: rest',
      `source: rest\n${other}`,
    )
    const before = await lakeOf(files)
    const { exit, error } = await attempt(yaml, { world: worldAround(files) })
    expect(exit).toBe(2)
    expect(error).toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining(why) as string,
      hint: expect.stringContaining(hint) as string,
    })
    expectSameLake(await lakeOf(files), before)
  })

  it('a job that leaves its partition open goes on with that of the file', async () => {
    const files = await lakeWith(await lakeOfJob(HALF), {})
    for (const series of SERIES) await files.remove(`${series}/_series.json`)
    const yaml = WHOLE.replace(', partition: day', '')
    expect(await attempt(yaml, { world: worldAround(files) })).toMatchObject({ exit: 0 })
    expectSameLake(await lakeOf(files), await lakeOfJob(WHOLE))
  })
})
