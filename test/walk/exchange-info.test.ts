/** Exchanges whose exchangeInfo says less than Binance's, or that have none: rows come all the same. */

import { describe, expect, it } from 'vitest'
import type { Http } from '../../src/base/ports.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

const job = (symbols: string): string => `
version: 1
source: rest
symbols: ${symbols}
from: 2026-05-01
to: 2026-05-02
datasets:
  - {kind: klines, intervals: [1h]}
`

const SYMBOLS = [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT' }]
const BY_NAME = job('[BTCUSDT]')
const BY_FILTER = job('{quote: USDT}')

const PATH = '/api/v3/exchangeInfo'

function exchangeWithoutInfo(): Exchange {
  const fault = { kind: 'status', status: 404 } as const
  return new Exchange({
    symbols: SYMBOLS,
    faults: { rules: [{ path: PATH, fault, times: Infinity }] },
  })
}

/** Takes fields out of every exchangeInfo. */
function leaving(http: Http, fields: readonly string[]): Http {
  return {
    ...http,
    get: async (request) => {
      const answer = await http.get(request)
      if (!request.url.includes(PATH)) return answer
      const info = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, unknown>
      const rest = Object.entries(info).filter(([name]) => !fields.includes(name))
      return { ...answer, body: new TextEncoder().encode(JSON.stringify(Object.fromEntries(rest))) }
    },
  }
}

describe('exchangeInfo', () => {
  it.each([
    ['by name', BY_NAME],
    ['by a filter', BY_FILTER],
  ])('without rateLimits: the documented ones hold, symbols %s', async (_, yaml) => {
    const exchange = new Exchange({ symbols: SYMBOLS })
    const world = virtualWorld(exchange)
    const ended = await attempt(yaml, {
      world: { ...world, http: leaving(world.http, ['rateLimits']) },
    })
    expect(ended).toMatchObject({ exit: 0, summary: { complete: true, rows: 24 } })
    expect(exchange.log.entries.filter(({ path }) => path === PATH)).toHaveLength(1)
  })

  it('that does not exist is a warning to who names symbols', async () => {
    const ended = await attempt(BY_NAME, { world: virtualWorld(exchangeWithoutInfo()) })
    expect(ended).toMatchObject({ exit: 0, summary: { complete: true, rows: 24 } })
    const [warning] = ended.events.filter(({ kind }) => kind === 'warning')
    expect(warning).toMatchObject({
      message: expect.stringContaining('continuing with the documented limits') as string,
    })
  })

  it('that does not exist stops who chooses by a filter', async () => {
    const ended = await attempt(BY_FILTER, { world: virtualWorld(exchangeWithoutInfo()) })
    expect(ended).toMatchObject({ exit: 3, error: { code: 'E_REJECTED' } })
  })

  it('without symbols is never taken for an exchange without any', async () => {
    const world = virtualWorld(new Exchange({ symbols: SYMBOLS }))
    const ended = await attempt(BY_FILTER, {
      world: { ...world, http: leaving(world.http, ['symbols']) },
    })
    expect(ended).toMatchObject({ exit: 3, error: { code: 'E_UNREACHABLE' } })
  })
})
