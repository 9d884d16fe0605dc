/**
 * The law of damage: whatever becomes of the bytes of a file, a series that merges with it refuses it by name. Each
 * byte of small files is tried, and chance tries the rest.
 */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { micros, type Micros, type Window } from '../../src/base/time.ts'
import type { AggTrade, Kline } from '../../src/simulator/index.ts'
import { partitionPath } from '../../src/store/layout.ts'
import { aggTradeAt, klineAt } from '../support/histories.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { openStored, storeWindow, type StoredOptions } from '../support/stored-series.ts'
import { put } from '../support/put.ts'

/** Bytes between two that are tried; 1 tries all. */
const STRIDE = Number(process.env['DAMAGE_STRIDE'] ?? 13)
const HOUR = 3_600_000_000n
const BEGIN = micros(20_514n * 24n * HOUR)
const at = (hours: number): Micros => micros(BEGIN + BigInt(hours) * HOUR)
const FIRST: Window = { from: at(0), to: at(12) }
const REST: Window = { from: at(12), to: at(24) }

type Kind = {
  readonly key: StoredOptions['key']
  readonly row: (hour: number) => Kline | AggTrade
}

const KINDS: readonly Kind[] = [
  {
    key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' },
    row: (hour) => klineAt(at(hour), micros(at(hour + 1) - 1n)),
  },
  {
    key: { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' },
    row: (hour) => aggTradeAt(BigInt(hour), at(hour)),
  },
]

/** A series with rows of `window`, and how it would be stored. */
async function store(
  files: MemFiles,
  { key, row }: Kind,
  window: Window,
  numbers: StoredOptions['numbers'] = 'float64',
): Promise<void> {
  const options = { files, key, partition: 'day', numbers } as const
  const hours = Array.from({ length: 24 }, (_, hour) => hour)
  const rows = hours.filter((hour) => window.from <= at(hour) && at(hour) < window.to).map(row)
  const series = await openStored(options, [window])
  await storeWindow(options, series, window, [{ rows, reached: window.to, gaps: [] }])
}

async function halfOf(kind: Kind): Promise<MemFiles> {
  const files = memFiles()
  await store(files, kind, FIRST)
  return files
}

async function withBytes(base: MemFiles, path: string, bytes: Uint8Array): Promise<MemFiles> {
  const files = memFiles()
  for (const [name, content] of base.contents) await put(files, name, content)
  await put(files, path, bytes)
  return files
}

function isOfVersion(error: unknown): boolean {
  return error instanceof UsageError && /format \d is newer than \d/.test(error.message)
}

async function expectRefused(files: MemFiles, kind: Kind, path: string): Promise<void> {
  const before = new Map(files.contents)
  const refusal: unknown = await store(files, kind, REST).catch((error: unknown) => error)
  expect(refusal).toMatchObject(
    // A version with another digit may be a newer one.
    isOfVersion(refusal)
      ? { code: 'E_USAGE', message: expect.stringContaining(path) as string }
      : {
          code: 'E_DAMAGED',
          message: expect.stringContaining(path) as string,
          hint: expect.stringContaining('Move the file out of the lake') as string,
        },
  )
  const isAsBefore = ([name, bytes]: readonly [string, Uint8Array]): boolean =>
    Buffer.from(bytes).equals(before.get(name) ?? new Uint8Array())
  expect([files.contents.size, [...files.contents].every(isAsBefore)]).toEqual([before.size, true])
}

describe.each(KINDS)('$key.dataset', (kind) => {
  const path = partitionPath(kind.key, '2026-03-02')

  test('a file with any byte changed is refused by name, and stays as it is', async () => {
    const half = await halfOf(kind)
    const bytes = half.contents.get(path)!
    for (let index = 0; index < bytes.length; index += STRIDE) {
      const changed = Uint8Array.from(bytes)
      changed[index]! ^= 1 << (index % 8)
      await expectRefused(await withBytes(half, path, changed), kind, path)
    }
  })

  test('a file that is cut, longer, or rewritten in part is refused by name', async () => {
    const half = await halfOf(kind)
    const bytes = half.contents.get(path)!
    const splice = fc
      .record({
        from: fc.nat(bytes.length),
        remove: fc.nat(bytes.length),
        put: fc.uint8Array({ maxLength: 40 }),
      })
      .map(({ from, remove, put }) =>
        Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + remove)]),
      )
      .filter((changed) => !changed.equals(bytes))
    await fc.assert(
      fc.asyncProperty(splice, async (changed) => {
        await expectRefused(await withBytes(half, path, changed), kind, path)
      }),
      { numRuns: 100 },
    )
  })

  test('a file with other rows, sound in itself and of the same size, is refused by name', async () => {
    const half = await halfOf(kind)
    const older = memFiles()
    const price = (row: Kline | AggTrade): Kline | AggTrade =>
      'openTime' in row ? { ...row, takerVolume: '0.25000000' } : { ...row, quantity: '0.20000000' }
    await store(older, { ...kind, row: (hour) => price(kind.row(hour)) }, FIRST)
    const bytes = older.contents.get(path)!
    expect(bytes.length).toBe(half.contents.get(path)!.length)
    await expectRefused(await withBytes(half, path, bytes), kind, path)
  })

  test('a file that no manifest knows is refused by name, whichever byte changed', async () => {
    const half = await halfOf(kind)
    const bytes = half.contents.get(path)!
    const options = { key: kind.key, partition: 'day', numbers: 'float64' } as const
    for (let index = 0; index < bytes.length; index += STRIDE) {
      const changed = Uint8Array.from(bytes)
      changed[index]! ^= 1 << (index % 8)
      const files = await withBytes(memFiles(), path, changed)
      const opened = openStored({ ...options, files }, [FIRST])
      await expect(opened, `byte ${index}`).rejects.toMatchObject({
        // A version with another digit may be a newer one.
        code: expect.stringMatching(/^E_(DAMAGED|USAGE)$/) as string,
        message: expect.stringContaining(path) as string,
      })
    }
  })
})
