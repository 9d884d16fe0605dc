/** An exchange that is gone for a while, or for good, under a run of many series. In virtual time. */

import { describe, expect, it } from 'vitest'
import { subtractAll } from '../../src/base/coverage.ts'
import { micros, parseMicros } from '../../src/base/time.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { readManifest } from '../../src/store/series.ts'
import { expectSameLake } from '../support/chaos.ts'
import { memFiles } from '../support/mem-files.ts'
import { attempt, lakeOf, virtualWorld, type Ended, type VirtualWorld } from '../support/virtual.ts'

const SYMBOLS = Array.from({ length: 12 }, (_, i) => `S${i}USDT`)
const WINDOW = { from: parseMicros('2026-05-01'), to: parseMicros('2026-05-12') }
const JOB = `
version: 1
compression: none
source: rest
symbols: [${SYMBOLS.join(', ')}]
from: 2026-05-01
to: 2026-05-12
datasets:
  - {kind: klines, intervals: [1m]}
`
const BEGIN = parseMicros('2026-06-01T00:00:01')
/** What is under way when it begins, a first try of each series' read-ahead, and eight that go on for all. */
const REFUSED_MAX = 8 + 8 * 8 + 8 * 8

type Outage = { readonly exchange: Exchange; readonly refused: () => number }

/** Answers 503 to everything for some seconds from a second after the start on. */
function goneFor(seconds: number): Outage {
  const exchange = new Exchange({ symbols: SYMBOLS.map((symbol) => ({ symbol })) })
  const handle = exchange.handle.bind(exchange)
  const end = BigInt(Math.round(Math.min(seconds, 1e9) * 1e6))
  let refused = 0
  exchange.handle = (request, now) => {
    const answer = handle(request, now)
    if (now < BEGIN || now >= micros(BEGIN + end)) return answer
    refused += 1
    return { ...answer, status: 503, body: new TextEncoder().encode('<html>') }
  }
  return { exchange, refused: () => refused }
}

const runIn = (world: VirtualWorld): Promise<Ended> => attempt(JOB, { world })

describe('gone for a while', () => {
  // Regression: a hundred retries were all that a run had, and a blip of five seconds spent them.
  it.each([1, 5, 10, 20, 30])('%d s: nothing is lost, and nobody pushes', async (seconds) => {
    const { exchange, refused } = goneFor(seconds)
    const world = virtualWorld(exchange, { latencyMs: 100 })
    const { exit, summary, events } = await runIn(world)
    expect([exit, summary?.complete]).toEqual([0, true])
    expect(summary?.rows).toBe(SYMBOLS.length * 11 * 1_440)
    expect(refused()).toBeGreaterThan(0)
    expect(refused()).toBeLessThanOrEqual(REFUSED_MAX)
    // One pause is told at a time, not that of each request.
    expect(events.filter(({ kind }) => kind === 'wait').length).toBeLessThanOrEqual(seconds)
  })

  it('again and again: each time there is as much patience as before', async () => {
    const exchange = new Exchange({ symbols: SYMBOLS.map((symbol) => ({ symbol })) })
    const handle = exchange.handle.bind(exchange)
    exchange.handle = (request, now) => {
      const answer = handle(request, now)
      // Half a minute of every one.
      if (now < BEGIN || (now / 1_000_000n) % 60n >= 30n) return answer
      return { ...answer, status: 502, body: new Uint8Array() }
    }
    const { exit } = await runIn(virtualWorld(exchange, { latencyMs: 2_000 }))
    expect(exit).toBe(0)
  })
})

it('gone for good: about a minute, then exit 3 with what is missing, once for all series', async () => {
  const { exchange, refused } = goneFor(Infinity)
  const files = memFiles()
  const world = virtualWorld(exchange, { latencyMs: 100, files })
  const { exit, summary } = await runIn(world)
  expect(exit).toBe(3)
  expect(refused()).toBeLessThanOrEqual(REFUSED_MAX)
  expect(world.clock.monotonicMs()).toBeGreaterThan(36_000)
  expect(world.clock.monotonicMs()).toBeLessThan(80_000)
  expect(summary?.series).toHaveLength(SYMBOLS.length)
  for (const { key, missing, error } of summary?.series ?? []) {
    const coverage = (await readManifest(files, key))?.coverage ?? []
    expect(missing).toEqual(subtractAll([WINDOW], coverage))
    expect(error?.code).toBe(missing.length === 0 ? undefined : 'E_UNREACHABLE')
  }
  // What came before is kept, and the next run ends with the bytes of a calm one.
  expect(summary?.rows).toBeGreaterThan(0)
  const calm = virtualWorld(new Exchange({ symbols: SYMBOLS.map((symbol) => ({ symbol })) }))
  const next = virtualWorld(new Exchange({ symbols: SYMBOLS.map((symbol) => ({ symbol })) }), {
    files,
  })
  expect([(await runIn(calm)).exit, (await runIn(next)).exit]).toEqual([0, 0])
  expectSameLake(await lakeOf(files), await lakeOf(calm.files))
})
