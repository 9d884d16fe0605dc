/** All that a request tells of us: every header of a public request and of a signed one. */

import { expect, it } from 'vitest'
import { processLake, serveHistory, startRun } from '../support/process.ts'

const JOB = `
version: 1
source: rest
symbols: [BTCUSDT]
from: 2026-04-28
to: 2026-04-29
datasets: [{kind: klines, intervals: [1h]}, {kind: myTrades}]
`
const env = {
  BINANCE_API_KEY: 'k'.repeat(64),
  BINANCE_API_SECRET: 's',
  BINANCE_ACCOUNT_LABEL: 'main',
}

it('the headers of a public and of a signed request are these and no others', async () => {
  const watched = await serveHistory()
  const seen = new Map<string, unknown>()
  const { exchange } = watched.simulator
  const handle = exchange.handle.bind(exchange)
  exchange.handle = (request, now) => {
    const { host, ...headers } = request.headers
    expect(host).toBe(new URL(watched.simulator.url).host)
    seen.set(request.path, headers)
    return handle(request, now)
  }
  await startRun(await processLake(JOB), watched, { env }).done
  expect(seen.get('/api/v3/klines')).toMatchInlineSnapshot(`
    {
      "accept": "application/json",
      "accept-encoding": "gzip",
      "connection": "keep-alive",
      "x-mbx-time-unit": "MICROSECOND",
    }
  `)
  expect(seen.get('/api/v3/myTrades')).toMatchInlineSnapshot(`
    {
      "accept": "application/json",
      "accept-encoding": "gzip",
      "connection": "keep-alive",
      "x-mbx-apikey": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
      "x-mbx-time-unit": "MICROSECOND",
    }
  `)
})
