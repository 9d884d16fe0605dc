/** What is removed is gone, exactly that, and is asked for again; the rest is as if it had been fetched alone. */

import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { LockedError, removeSeries, status, UsageError, verify } from '../../src/index.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { acquireLock } from '../../src/store/lock.ts'
import { command } from '../support/command.ts'
import { rowsOf, expectSameLake } from '../support/chaos.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { attempt, lakeOf, virtualWorld, type VirtualWorld } from '../support/virtual.ts'
import { bytesOf, put } from '../support/put.ts'

const FROM = parseMicros('2026-04-28')
const TO = parseMicros('2026-05-04')
const JOB = `
version: 1
compression: snappy
source: rest
from: 2026-04-28
to: 2026-05-04
datasets:
  - {kind: klines, symbols: [ETHUSDT], intervals: [1h], partition: month}
  - {kind: aggTrades, symbols: [BTCUSDT], partition: day}
`
const SERIES = {
  'klines/ETHUSDT/1h': { market: 'spot', dataset: 'klines', symbol: 'ETHUSDT', interval: '1h' },
  'aggTrades/BTCUSDT': { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' },
} as const
const exchange = (): Exchange =>
  new Exchange({
    symbols: [
      { symbol: 'BTCUSDT', aggTradesPerDay: 40 },
      {
        symbol: 'ETHUSDT',
        outages: [{ from: parseMicros('2026-04-30T20:00'), to: parseMicros('2026-05-01T03:00') }],
      },
    ],
  })

let lake: Readonly<Record<string, Uint8Array>> | undefined

/** A world whose lake is whole. */
async function whole(): Promise<VirtualWorld> {
  const world = virtualWorld(exchange(), {
    files: memFiles(),
    start: parseMicros('2026-06-01'),
  })
  if (lake === undefined) {
    expect(await attempt(JOB, { world })).toMatchObject({ exit: 0 })
    lake = await lakeOf(world.files)
  } else for (const [path, bytes] of Object.entries(lake)) await put(world.files, path, bytes)
  return world
}

async function findings(world: VirtualWorld): Promise<readonly string[]> {
  const found: string[] = []
  for await (const step of verify([], { world }))
    if (step.kind === 'finding') found.push(`${step.finding.code} ${step.finding.message}`)
  return found
}

const moment = fc
  .bigInt(FROM - 86_400_000_000n, TO + 86_400_000_000n)
  .chain((time) => fc.constantFrom(time, (time / 3_600_000_000n) * 3_600_000_000n))
  .map(micros)
const range = fc
  .tuple(moment, moment)
  .filter(([a, b]) => a !== b)
  .map(([a, b]): [Micros, Micros] => (a < b ? [a, b] : [b, a]))

describe.each(Object.keys(SERIES) as (keyof typeof SERIES)[])('%s', (series) => {
  test('exactly the rows of any ranges go, and a run brings back the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 3 }), async (ranges) => {
        const world = await whole()
        const before = await rowsOf(world.files, SERIES[series])
        for (const [from, to] of ranges)
          await removeSeries(series, { world, from, to }).catch((error: unknown) => {
            // Nothing is left of it.
            expect(error).toBeInstanceOf(UsageError)
          })
        const isGone = ({ time }: { time: bigint }): boolean =>
          ranges.some(([from, to]) => time >= from && time < to)
        const left = new Map([...before].filter(([, row]) => !isGone(row)))
        expect(await rowsOf(world.files, SERIES[series])).toEqual(left)
        expect(await findings(world)).toEqual([])
        const told = (await status([], { world })).series.find(
          ({ dataset }) => dataset === SERIES[series].dataset,
        )
        for (const { from, to } of told?.covered ?? [])
          for (const [start, end] of ranges)
            expect(parseMicros(from) >= end || parseMicros(to) <= start).toBe(true)
        expect(await attempt(JOB, { world })).toMatchObject({ exit: 0 })
        // Windows of klines that are cut within a slot may leave gaps that are cut there too.
        if (ranges.flat().every((time) => time % 3_600_000_000n === 0n || series.startsWith('agg')))
          expectSameLake(await lakeOf(world.files), lake!)
        expect(await rowsOf(world.files, SERIES[series])).toEqual(before)
        expect(await findings(world)).toEqual([])
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 4) },
    )
  })
})

test('a series goes as a whole, though it is damaged, and others stay', async () => {
  const world = await whole()
  const manifest = 'spot/klines/interval=1h/symbol=ETHUSDT/_series.json'
  await put(world.files, manifest, (await bytesOf(world.files, manifest))!.subarray(0, 100))
  const removed = await removeSeries('klines/ETHUSDT/1h', { world })
  expect(removed).toEqual({ series: 'klines ETHUSDT 1h', files: 2, rewritten: 0 })
  expect((await status([], { world })).series.map(({ symbol }) => symbol)).toEqual(['BTCUSDT'])
  expect(await findings(world)).toEqual([])
  expect(await attempt(JOB, { world })).toMatchObject({ exit: 0 })
  expectSameLake(await lakeOf(world.files), lake!)
})

test('while another run holds the lake nothing is removed', async () => {
  const world = await whole()
  const lock = await acquireLock(world)
  const asked = removeSeries('klines/ETHUSDT/1h', { world })
  await expect(asked).rejects.toThrow(LockedError)
  await lock.release()
  expectSameLake(await lakeOf(world.files), lake!)
})

describe('the command', () => {
  const shared = sharedLake(`
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT], intervals: [1h], from: 2026-06-01, to: 2026-06-04, partition: day }
`)

  async function cli(
    argv: readonly string[],
    options?: Parameters<typeof command>[1],
  ): Promise<Awaited<ReturnType<typeof command>> & { rows: number | undefined }> {
    const dataDir = join(await tempDir(), 'lake')
    await cp(shared.dataDir, dataDir, { recursive: true })
    const ended = await command(['remove', ...argv, '--data-dir', dataDir], options)
    const [series] = (await status([], { dataDir })).series
    return { ...ended, rows: series?.rows }
  }

  test('removes with --yes', async () => {
    const range = ['--from', '2026-06-02', '--to', '2026-06-03T12:00']
    const { exit, stdout, rows } = await cli(['klines/BTCUSDT/1h', ...range, '--yes', '--json'])
    expect({ exit, rows, told: JSON.parse(stdout) as unknown }).toEqual({
      ...{ exit: 0, rows: 36 },
      told: { series: 'klines BTCUSDT 1h', files: 1, rewritten: 1 },
    })
    const all = await cli(['klines/BTCUSDT/1h', '--yes'])
    expect(all).toMatchObject({ exit: 0, rows: undefined })
    expect(all.stdout).toBe('klines BTCUSDT 1h: 3 files removed\n')
  })

  test('takes away the directories that became empty, and no other', async () => {
    const dataDir = join(await tempDir(), 'lake')
    await cp(shared.dataDir, dataDir, { recursive: true })
    const series = join(dataDir, 'spot/klines/interval=1h/symbol=BTCUSDT')
    const remove = (...range: readonly string[]) =>
      command(['remove', 'klines/BTCUSDT/1h', ...range, '--yes', '--data-dir', dataDir])
    await remove('--from', '2026-06-02', '--to', '2026-06-03T12:00')
    const left = ['_series.json', 'period=2026-06-01', 'period=2026-06-03']
    expect((await readdir(series)).sort()).toEqual(left)
    await writeFile(join(series, 'period=2026-06-01', 'notes.txt'), 'mine')
    await remove()
    expect(await readdir(series)).toEqual(['period=2026-06-01'])
    await cp(join(shared.dataDir, 'spot'), join(dataDir, 'spot'), { recursive: true })
    await rm(join(series, 'period=2026-06-01', 'notes.txt'))
    await remove()
    expect(await readdir(dataDir)).not.toContain('spot')
  })

  test.each([
    ['no terminal to ask at', ['klines/BTCUSDT/1h'], {}, /no terminal .*--yes/],
    ['a no', ['klines/BTCUSDT/1h'], { isTerminal: true, input: 'n\n' }, /nothing was removed/],
    ['no answer', ['klines/BTCUSDT/1h'], { isTerminal: true }, /nothing was removed/],
    ['a series that is not there', ['klines/BTCUSDT/1m', '--yes'], {}, /did you mean .*1h/],
    [
      'a range of which there is nothing',
      ['klines/BTCUSDT/1h', '--from', '2027-01-01', '--yes'],
      {},
      /has nothing of klines BTCUSDT 1h from 2027-01-01/,
    ],
    [
      'a range that is none',
      ['klines/BTCUSDT/1h', '--from', '2027-01-01', '--to', '2026-01-01', '--yes'],
      {},
      /not before/,
    ],
  ])('with %s, nothing is removed', async (_, argv, options, words) => {
    const { exit, stdout, stderr, rows } = await cli(argv, options)
    expect({ exit, stdout, rows }).toEqual({ exit: 2, stdout: '', rows: 72 })
    expect(stderr).toMatch(words)
  })

  test('asks at a terminal what it is about to do', async () => {
    const asked = { isTerminal: true, input: 'y\n' }
    const { exit, stderr, rows } = await cli(['klines/BTCUSDT/1h', '--to', '2026-06-02'], asked)
    expect({ exit, rows }).toEqual({ exit: 0, rows: 48 })
    expect(stderr).toMatch(
      /^Remove klines BTCUSDT 1h to 2026-06-02 00:00, out of 1 file with 24 rows, .*\? \[y\/N\]/,
    )
  })

  test('a lake from which everything was removed has no series', async () => {
    const dataDir = await tempDir()
    await cp(shared.dataDir, dataDir, { recursive: true })
    await command(['remove', 'klines/BTCUSDT/1h', '--yes', '--data-dir', dataDir])
    const { exit, stderr } = await command(['export', 'klines/BTCUSDT/1h', '--data-dir', dataDir])
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringContaining('It has none') as string,
    })
  })
})
