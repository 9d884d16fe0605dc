/** Several source addresses: each with a budget of its own, and one series uses all. */

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import type { Egress, Http, World } from '../../src/base/ports.ts'
import type { Options } from '../../src/options.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { worldWith } from '../support/addresses.ts'
import { serve, tempDir } from '../support/lake.ts'
import { attempt, lakeOf, type Ended } from '../support/virtual.ts'

const [A, B] = ['192.0.2.1', '192.0.2.2'] as const
/** 105 pages of 1000 minutes. */
const JOB = `{version: 1, symbols: [BTCUSDT], from: 2026-01-01, to: 2026-03-14T22:00, source: rest, datasets: [{kind: klines, intervals: [1m]}]}`
/** 19 pages a minute within our share, after what a run asks besides. */
const LIMIT = 44
const RULES = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: LIMIT },
] as const

const tight = (options: Partial<ExchangeOptions> = {}): Exchange =>
  new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], limits: { rules: [...RULES] }, ...options })

type Watched = Ended & { readonly exchange: Exchange; readonly lake: unknown }

async function runFrom(
  addresses: readonly string[],
  exchange: Exchange = tight(),
  options: Options = {},
): Promise<Watched> {
  const world = worldWith(exchange, addresses, { latencyMs: 50 })
  const ended = await attempt(JOB, { world, ...options })
  return { ...ended, exchange, lake: await hashesOf(world) }
}

/** Pages that arrived in the second and the third minute, by address: in the first, limits are read as well. */
function pages({ exchange }: Watched): Map<string, number> {
  const [first] = exchange.log.entries
  const start = (first?.at ?? 0n) / 60_000_000n + 1n
  const counts = new Map<string, number>()
  for (const { at, ip, status, path } of exchange.log.entries) {
    const minute = at / 60_000_000n - start
    if (path.endsWith('/klines') && status === 200 && minute >= 0n && minute < 2n)
      counts.set(ip, (counts.get(ip) ?? 0) + 1)
  }
  return counts
}
const sum = (weights: Map<string, number>): number => [...weights.values()].reduce((a, b) => a + b)

async function hashesOf({ files }: World): Promise<object> {
  const lake = Object.entries(await lakeOf(files))
  return lake.map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')])
}

const BANNED: Http['get'] = async () => ({
  status: 418,
  header: (name) => (name === 'retry-after' ? '7200' : undefined),
  body: new Uint8Array(),
})

type Way = Egress & { readonly asked: () => number }

/** A way to the exchange, or with an answer of its own. */
function through(plain: Http, ip: string, get?: Http['get']): Way {
  let asked = 0
  const own: Http['get'] = (request) => {
    asked++
    return (get ?? plain.get)(request)
  }
  return { name: ip, http: { ...plain, get: own }, asked: () => asked }
}

/** Sends from {@link A}, as `get` does it, and from {@link B}. */
function besides(get: { readonly a: Http['get']; readonly b?: Http['get'] }): Besides {
  const exchange = tight()
  const world = worldWith(exchange, [A, B])
  const [a, b] = (world.egresses ?? []).map(({ http, name }) =>
    through(http, name, name === A ? get.a : get.b),
  )
  if (a === undefined || b === undefined) throw new RangeError('two addresses')
  return { exchange, world: { ...world, http: a.http, egresses: [a, b] }, asked: a.asked }
}

type Besides = {
  readonly exchange: Exchange
  readonly world: World
  readonly asked: () => number
}

describe('a run from several addresses', () => {
  it('fetches one series twice as fast from two, with no window over its limit on either', async () => {
    const one = await runFrom([A])
    const two = await runFrom([A, B])
    for (const { exit, exchange } of [one, two]) {
      expect(exit).toBe(0)
      expect(exchange.log.overLimit()).toEqual([])
      expect(exchange.log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
    }
    const [alone, both] = [pages(one), pages(two)]
    expect([...both.keys()].sort()).toEqual([A, B])
    expect(sum(both) / sum(alone)).toBeGreaterThanOrEqual(1.95)
    expect(two.lake).toEqual(one.lake)
  })

  it('goes on from the others when one is banned for longer than it may wait', async () => {
    const { world, asked } = besides({ a: BANNED })
    const ended = await attempt(JOB, { world })
    expect(ended.exit).toBe(0)
    expect(await hashesOf(world)).toEqual((await runFrom([A])).lake)
    // A ban lengthens with every request: it is asked once, and not at all by the next run.
    expect(asked()).toBe(1)
    const messages = ended.events.flatMap((one) => (one.kind === 'warning' ? one.message : []))
    expect(messages).toEqual([expect.stringContaining('192.0.2.1: others go on: ')])
    expect((await attempt(JOB.replace('03-14T', '03-15T'), { world })).exit).toBe(0)
    expect(asked()).toBe(1)
  })

  it('ends with 5 when all are banned', async () => {
    const { world } = besides({ a: BANNED, b: BANNED })
    expect((await attempt(JOB, { world })).exit).toBe(5)
  })

  it('goes on from the others when nothing is reached from one', async () => {
    const cut = async (): Promise<never> => {
      throw new TransportError('no route to host')
    }
    const { world, exchange } = besides({ a: cut })
    expect((await attempt(JOB, { world })).exit).toBe(0)
    expect(new Set(exchange.log.entries.map(({ ip }) => ip))).toEqual(new Set([B]))
  })
})

describe('addresses of this machine', () => {
  const YAML = `{version: 1, symbols: [BTCUSDT], from: 2026-01-01, to: 2026-01-20, source: rest, datasets: [{kind: klines, intervals: [1m]}]}`

  it('are where the exchange sees requests come from', async () => {
    const { url, exchange } = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }] } })
    const localAddresses = ['127.0.0.2', '127.0.0.3', '127.0.0.2']
    const options = { baseUrls: [url], dataDir: await tempDir(), localAddresses }
    expect((await attempt(YAML, options)).exit).toBe(0)
    const from = (path: string): Set<string> =>
      new Set(exchange.log.entries.filter((one) => one.path.endsWith(path)).map(({ ip }) => ip))
    expect(from('/klines')).toEqual(new Set(['127.0.0.2', '127.0.0.3']))
    expect(from('')).toEqual(from('/klines'))
  })

  it.each([
    ['not-an-address', 'is not an IP address'],
    ['0.0.0.0', 'is not the address of one machine'],
    ['::', 'is not the address of one machine'],
    ['239.1.2.3', 'is not the address of one machine'],
    ['::ffff:127.0.0.1', 'is an IPv4 address written as IPv6'],
    ['203.0.113.77', 'is not one of this machine'],
  ])('are refused before anything is done: %s', async (address, why) => {
    const dataDir = await tempDir()
    const localAddresses = ['127.0.0.2', address]
    const ended = await attempt(YAML, { baseUrls: ['http://127.0.0.1:9'], dataDir, localAddresses })
    expect(ended).toMatchObject({ exit: 2, summary: undefined })
    expect(String(ended.error)).toContain(why)
  })
})
