/** All that a request tells of us: every header of a public request and of a signed one, and the name on all of them. */

import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { USER_AGENT, VERSION } from '../../src/version.ts'
import { finished, startCli } from '../e2e/support.ts'
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
      "user-agent": "binance-backfill/0.1.0 (+https://github.com/binance-backfill/binance-backfill)",
      "x-mbx-time-unit": "MICROSECOND",
    }
  `)
  expect(seen.get('/api/v3/myTrades')).toMatchInlineSnapshot(`
    {
      "accept": "application/json",
      "accept-encoding": "gzip",
      "connection": "keep-alive",
      "user-agent": "binance-backfill/0.1.0 (+https://github.com/binance-backfill/binance-backfill)",
      "x-mbx-apikey": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
      "x-mbx-time-unit": "MICROSECOND",
    }
  `)
})

it('every request names the program and its page: of REST, of the archive, of its listing', async () => {
  const watched = await serveHistory()
  const kinds = new Set<string>()
  const agents = new Set<unknown>()
  const { exchange, url } = watched.simulator
  const handle = exchange.handle.bind(exchange)
  exchange.handle = (request, now) => {
    const kind = /^\/api\/v3\/\w+|\.zip\.CHECKSUM$|\.zip$/.exec(request.path)?.[0]
    kinds.add(kind ?? 'listing')
    agents.add(request.headers['user-agent'])
    return handle(request, now)
  }
  const lake = await processLake(JOB)
  await startRun(lake, watched, { env }).done
  const month = ['--dataset', 'klines', '--symbol', 'BTCUSDT', '--interval', '1h']
  const range = ['--from', '2026-03-01', '--to', '2026-04-01', '--source', 'archive']
  const where = ['--data-dir', lake.dataDir, '--base-url', url, '--archive-url', url]
  await finished(startCli(['run', ...month, ...range, ...where]))
  await finished(startCli(['doctor', '--data-dir', lake.dataDir, '--base-url', url]))
  expect([...kinds].sort()).toEqual([
    '.zip',
    '.zip.CHECKSUM',
    '/api/v3/exchangeInfo',
    '/api/v3/klines',
    '/api/v3/myTrades',
    '/api/v3/ping',
    '/api/v3/time',
    'listing',
  ])
  expect([...agents]).toEqual([USER_AGENT])
})

it('the name is that of the package: its version and its homepage', async () => {
  const manifest = JSON.parse(await readFile('package.json', 'utf8')) as {
    name: string
    version: string
    homepage: string
  }
  expect(VERSION).toBe(manifest.version)
  expect(USER_AGENT).toBe(`${manifest.name}/${manifest.version} (+${manifest.homepage})`)
})
