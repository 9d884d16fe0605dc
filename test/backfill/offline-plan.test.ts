/** Runs that cannot begin, since the exchange does not answer or wants no requests: what they say all the same. */

import { describe, expect, it } from 'vitest'
import { StoppedError } from '../../src/base/errors.ts'
import { formatWindow } from '../../src/base/time.ts'
import { Exchange, type Fault } from '../../src/simulator/index.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock } from '../support/sim-clock.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from '../support/virtual.ts'
import { put } from '../support/put.ts'

const job = (symbols: string, from = '2026-05-01', to = '2026-05-08'): string => `
version: 1
compression: none
source: rest
symbols: ${symbols}
from: ${from}
to: ${to}
datasets:
  - {kind: klines, intervals: [1h]}
`

const SYMBOLS = [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }]

function exchangeThat(fault: Fault, path?: string): Exchange {
  const rule = { fault, times: Infinity, ...(path !== undefined && { path }) }
  return new Exchange({ symbols: SYMBOLS, faults: { rules: [rule] } })
}

const told = ({ summary }: Ended): unknown[] =>
  summary?.series.map(({ key, complete, missing, error }) => [
    key.symbol,
    complete,
    missing.map((window) => `${formatWindow(window).from} ${formatWindow(window).to}`),
    error?.code,
  ]) ?? []

const WEEK = '2026-05-01T00:00:00.000000Z 2026-05-08T00:00:00.000000Z'

describe('every wanted series is told, with what it lacks', () => {
  it.each<[name: string, fault: Fault, exit: number, code: string]>([
    ['an exchange that only says 503', { kind: 'status', status: 503 }, 3, 'E_UNREACHABLE'],
    ['a network that is gone', { kind: 'reset' }, 3, 'E_UNREACHABLE'],
    ['an exchange that hangs', { kind: 'hang' }, 3, 'E_UNREACHABLE'],
    ['a retired endpoint', { kind: 'status', status: 404 }, 3, 'E_REJECTED'],
    ['429 for an hour', { kind: 'limited', seconds: 3_600 }, 5, 'E_RATE_LIMITED'],
    ['a ban of an hour', { kind: 'banned', seconds: 3_600 }, 5, 'E_BANNED'],
    ['451', { kind: 'region' }, 5, 'E_REGION'],
  ])('%s', async (_, fault, exit, code) => {
    const exchange = exchangeThat(fault)
    const ended = await attempt(job('[BTCUSDT, ETHUSDT]'), { world: virtualWorld(exchange) })
    expect(ended).toMatchObject({ exit, error: { code }, summary: { exit, complete: false } })
    expect(ended.events.at(-1)?.kind).toBe('summary')
    expect(told(ended)).toEqual([
      ['BTCUSDT', false, [WEEK], code],
      ['ETHUSDT', false, [WEEK], code],
    ])
    expect(ended.summary?.requests).toBe(exchange.log.count)
  })

  it('a ban that an earlier process met: nothing is sent, and all is told', async () => {
    const [files, clock] = [memFiles(), simClock()]
    const exchange = exchangeThat({ kind: 'banned', seconds: 86_400 })
    const again = (): Promise<Ended> =>
      attempt(job('[BTCUSDT]'), { world: virtualWorld(exchange, { files, clock }) })
    await again()
    const { count } = exchange.log
    const ended = await again()
    expect(exchange.log.count).toBe(count)
    expect(ended).toMatchObject({ exit: 5, summary: { requests: 0, complete: false } })
    expect(told(ended)).toEqual([['BTCUSDT', false, [WEEK], 'E_BANNED']])
  })

  it('what the lake has is not missing; the lake is left as it is', async () => {
    const files = memFiles()
    const calm = new Exchange({ symbols: SYMBOLS })
    const part = job('[BTCUSDT]', '2026-05-02', '2026-05-04')
    expect((await attempt(part, { world: virtualWorld(calm, { files }) })).exit).toBe(0)
    const before = await lakeOf(files)
    const exchange = exchangeThat({ kind: 'reset' })
    const ended = await attempt(job('[BTCUSDT, ETHUSDT]'), {
      world: virtualWorld(exchange, { files }),
    })
    expect(told(ended)).toEqual([
      [
        'BTCUSDT',
        false,
        [
          '2026-05-01T00:00:00.000000Z 2026-05-02T00:00:00.000000Z',
          '2026-05-04T00:00:00.000000Z 2026-05-08T00:00:00.000000Z',
        ],
        'E_UNREACHABLE',
      ],
      ['ETHUSDT', false, [WEEK], 'E_UNREACHABLE'],
    ])
    expect(await lakeOf(files)).toEqual(before)
  })

  it('a series whose manifest is damaged has that for its reason', async () => {
    const files = memFiles()
    const path = 'spot/klines/interval=1h/symbol=BTCUSDT/_series.json'
    await put(files, '_lake.json', new TextEncoder().encode('{"format":1}'))
    await put(files, path, new TextEncoder().encode('{'))
    const exchange = exchangeThat({ kind: 'reset' })
    const ended = await attempt(job('[BTCUSDT, ETHUSDT]'), {
      world: virtualWorld(exchange, { files }),
    })
    expect(ended.summary?.series.map(({ error }) => error?.code)).toEqual([
      'E_DAMAGED',
      'E_UNREACHABLE',
    ])
  })

  it('symbols by filter are not known: not complete, though nothing can be listed', async () => {
    const exchange = exchangeThat({ kind: 'status', status: 502 })
    const ended = await attempt(job('{quote: USDT}'), { world: virtualWorld(exchange) })
    expect(ended).toMatchObject({ exit: 3, summary: { exit: 3, complete: false, series: [] } })
  })

  it('a ban while the listing is asked for', async () => {
    const exchange = exchangeThat({ kind: 'banned', seconds: 3_600 }, '/api/v3/klines')
    const ended = await attempt(job('[BTCUSDT]', 'listing'), { world: virtualWorld(exchange) })
    expect(ended).toMatchObject({ exit: 5, summary: { exit: 5, complete: false } })
    expect(told(ended)).toEqual([
      ['BTCUSDT', false, ['1970-01-01T00:00:00.000000Z 2026-05-08T00:00:00.000000Z'], 'E_BANNED'],
    ])
  })

  it('a user who stops it meanwhile', async () => {
    const exchange = exchangeThat({ kind: 'limited', seconds: 500 })
    const controller = new AbortController()
    const world = virtualWorld(exchange)
    const stop = world.clock.sleep(100_000).then(() => {
      controller.abort(new StoppedError('SIGTERM'))
    })
    const ended = await attempt(job('[BTCUSDT]'), { world, signal: controller.signal })
    await stop
    expect(ended).toMatchObject({ exit: 143, summary: { exit: 143, complete: false } })
    expect(told(ended)).toEqual([['BTCUSDT', false, [WEEK], 'E_STOPPED']])
  })
})

describe('nothing is told where nothing was to be asked', () => {
  it('two jobs that contradict each other are the reader’s to mend, dead exchange or not', async () => {
    const twice = `${job('[BTCUSDT]')}  - {kind: klines, intervals: [1h], numbers: string}\n`
    const exchange = exchangeThat({ kind: 'reset' })
    const ended = await attempt(twice, { world: virtualWorld(exchange) })
    expect(ended).toMatchObject({ exit: 2, summary: undefined })
  })
})
