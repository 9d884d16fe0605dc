/** Where requests may go: not where a job, a look-alike or an answer says. Over real sockets, through the command. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exchangeOf, isBinanceUrl } from '../../src/binance/host.ts'
import { command } from '../support/command.ts'
import { processLake, PROCESS_JOB, serveHistory, startRun } from '../support/process.ts'

/** A server that nobody may ask, and how often it was. */
async function bait(): Promise<{ url: string; hits: () => number }> {
  let hits = 0
  const server = createServer((_, response) => {
    hits += 1
    response.end('{}')
  })
  server.on('connection', () => (hits += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hits: () => hits }
}

describe('K4: hosts', () => {
  const BAD = [
    'https://api.binance.com@evil.test',
    'https://api.binance.com:CANARY@evil.test',
    'https://user:CANARY@api.binance.com:99999',
    'https://user:CAN,ARY@api.binance.com',
    'user:CANARY@api.binance.com',
    'https://api.binance.com/?token=CANARY',
    'file:///etc/passwd',
    'ftp://api.binance.com',
    'javascript:alert(1)',
    'http:',
    '//evil.test',
    'api.binance.com',
    'https://evil.test/#api.binance.com',
  ]
  it.each(BAD)(
    '%j is refused by flag and environment, and no password is repeated',
    async (url) => {
      const told = [
        await command(['symbols', '--base-url', url]),
        await command(['symbols', `--base-ur=${url}`]),
        await command(['plan', 'x.yaml', '--archive-url', url]),
        await command(['symbols'], { env: { BINANCE_BACKFILL_BASE_URL: url } }),
      ]
      for (const { exit, stdout, stderr } of told) {
        expect(exit).toBe(2)
        expect(stdout + stderr).not.toMatch(/CAN|ARY/)
      }
    },
  )

  it.each([
    ['https://data-api.binance.vision', true],
    ['https://api4.binance.com', true],
    ['https://API.BINANCE.COM', true],
    ['https://api.binance.com.', false],
    ['https://api.binance.com.evil.test', false],
    ['https://data-api.binance.vision.evil.example', false],
    ['https://api-binance.com', false],
    ['https://evilbinance.com', false],
    ['https://api.binance.com@evil.test', false],
    ['https://user:password@api.binance.com', false],
    ['http://api.binance.com', false],
    ['https://xn--bnance-q9a.com', false],
    ['https://bіnance.com', false],
    ['http://169.254.169.254', false],
    ['https://[::1]', false],
    ['binance.com', false],
  ])('%j is Binance’s own: %s', (url, isOwn) => {
    expect(isBinanceUrl(url)).toBe(isOwn)
  })

  it.each([
    ['http://api.binance.com', 'binance'],
    ['https://fapi.binance.com./x', 'binance'],
    ['https://user:password@api4.binance.com:8443', 'binance'],
    ['https://api.binance.com.evil.test', 'api.binance.com.evil.test'],
    ['http://127.0.0.1:9000/spot', '127.0.0.1:9000'],
  ])('whose bans hold for %j goes by its host alone: %s', (url, exchange) => {
    expect(exchangeOf(url)).toBe(exchange)
  })

  it.each(['base_url', 'baseUrl', 'base-url', 'url', 'host', 'archive_url', 'proxy'])(
    'a job file cannot name one: %s',
    async (name) => {
      const { url, hits } = await bait()
      const lake = await processLake(`${PROCESS_JOB}${name}: ${url}\n`)
      const { exit, stderr } = await command([
        'run',
        lake.jobFile,
        '--data-dir',
        lake.dataDir,
        '--base-url',
        url,
      ])
      expect(exit).toBe(2)
      expect(stderr).toContain(name)
      expect(hits()).toBe(0)
    },
  )
})

describe('K5: redirects', () => {
  it('are not followed, neither to this machine nor anywhere', async () => {
    const { url: location, hits } = await bait()
    const watched = await serveHistory({
      faults: {
        rules: [{ path: '/api/v3/klines', times: Infinity, fault: { kind: 'redirect', location } }],
      },
    })
    const { exit, stdout } = await startRun(await processLake(), watched).done
    expect(exit).toBe(3)
    expect(stdout).toContain('HTTP 302')
    expect(hits()).toBe(0)
  })

  it('of the very first question either', async () => {
    const { url: location, hits } = await bait()
    const watched = await serveHistory({
      faults: { rules: [{ times: Infinity, fault: { kind: 'redirect', location } }] },
    })
    expect((await startRun(await processLake(), watched).done).exit).toBe(3)
    expect(hits()).toBe(0)
  })
})

it('an environment that names hosts is read only for what it is for', async () => {
  const { url, hits } = await bait()
  const watched = await serveHistory()
  const lake = await processLake()
  await writeFile(lake.jobFile, PROCESS_JOB)
  const env = {
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    NO_PROXY: '127.0.0.1',
    BINANCE_BACKFILL_ARCHIVE_URL: url,
  }
  expect((await startRun(lake, watched, { env }).done).exit).toBe(0)
  expect(hits()).toBe(0)
})
