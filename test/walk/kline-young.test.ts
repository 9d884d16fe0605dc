/** Klines of a host that lags: the last one that it sends is not done yet. */

import { expect, test } from 'vitest'
import { micros } from '../../src/base/time.ts'
import { chunkAt, fillChunk } from '../../src/walk/kline-chunk.ts'
import type { PageParams } from '../../src/walk/walk.ts'
import { minute } from '../support/histories.ts'
import { barePage } from '../support/bare-page.ts'
import type { Page } from '../../src/rows/page.ts'

/** What was found of eight minutes, where each answer has the klines up to another one. */
async function found(
  ends: readonly number[],
  limit = 1_000,
  now = minute(8 + 2 * 24 * 60),
): ReturnType<typeof fillChunk> {
  const window = { from: minute(0), to: minute(8) }
  const left = [...ends]
  const ask = async ({ startTime = 0n }: PageParams): Promise<Page> => {
    const end = left.shift() ?? 8
    const opens = [0, 1, 2, 3, 4, 5, 6, 7, 8].slice(0, end).map((at): bigint => minute(at))
    const keys = BigInt64Array.from(opens.filter((open) => open >= startTime * 1_000n)).slice(
      0,
      limit,
    )
    return barePage(keys, keys)
  }
  const options = { limit, readAhead: 1, signal: undefined, hasRowsBefore: false }
  const walk = { window, interval: '1m' as const, ask, options, now }
  return fillChunk(chunkAt({ since: window.from, from: window.from }, walk), walk)
}

const row = (at: number): { from: bigint; to: bigint } => ({
  from: minute(at),
  to: micros(minute(at) + 1n),
})

const NOW = minute(60)

test('rows of the last days follow a page that ended early: its last row is asked for again', async () => {
  expect((await found([3, 9], 1_000, NOW))?.young).toEqual([row(2)])
  expect((await found([3, 5, 9], 1_000, NOW))?.young).toEqual([row(2), row(4)])
  expect((await found([3, 0, 9], 1_000, NOW))?.young).toEqual([row(2)])
})

test('what is older is done, whoever sent it', async () => {
  expect((await found([3, 8]))?.young).toEqual([])
  expect((await found([3, 3, 3]))?.young).toEqual([])
  expect((await found([8]))?.young).toEqual([])
  expect((await found([8], 8))?.young).toEqual([])
})

test('none follow: the last row is asked for again, unless the answer has the next one', async () => {
  expect((await found([8], 1_000, NOW))?.young).toEqual([row(7)])
  expect((await found([9], 1_000, NOW))?.young).toEqual([])
  expect((await found([3, 8], 1_000, NOW))?.young).toEqual([row(2), row(7)])
  expect((await found([9], 9, NOW))?.young).toEqual([])
})
