/** What `doctor` says of a machine, over real sockets, whatever is down. */

import { constants } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { API_URLS, CM_URL, MARKET_DATA_URL, UM_URL } from '../../src/binance/host.ts'
import { nodeFsCalls, type FsCalls } from '../../src/node/fs-calls.ts'
import { nodeHttp } from '../../src/node/http.ts'
import type { Options } from '../../src/options.ts'
import { doctor, type DoctorCheck } from '../../src/query/doctor.ts'
import { Exchange, type ExchangeOptions, type Simulator } from '../../src/simulator/index.ts'
import { command } from '../support/command.ts'
import { serve, tempDir } from '../support/lake.ts'
import { systemError } from '../support/sim-disk.ts'
import { simWorld, type SimWorld } from '../support/sim-world.ts'
import { virtualWorld } from '../support/virtual.ts'

/** Nobody listens there. */
const DEAD = 'http://127.0.0.1:9'
const HOUR_MS = 3_600_000

type Bench = {
  readonly world: SimWorld
  readonly dataDir: string
  exchange(options?: Partial<ExchangeOptions>, aheadMs?: number): Promise<Simulator>
}

/** A machine whose sleeps cost nothing, and exchanges on sockets that share its clock, or are ahead of it. */
async function bench(calls: FsCalls = nodeFsCalls): Promise<Bench> {
  const dataDir = await tempDir()
  const world = simWorld({ dataDir, calls, http: nodeHttp() })
  return {
    world,
    dataDir,
    exchange: (options, aheadMs = 0) =>
      serve({
        exchange: { symbols: [{ symbol: 'BTCUSDT' }], archive: {}, ...options },
        clock: {
          now: () => (world.clock.now() + BigInt(aheadMs) * 1_000n) as never,
          sleep: (ms, signal) => world.clock.sleep(ms, signal),
        },
      }),
  }
}

async function checksOf({ world, dataDir }: Bench, options: Options): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = []
  for await (const check of doctor({ world, dataDir, ...options })) checks.push(check)
  await world.http.close()
  return checks
}

/** `rest ok`, `listing FAIL`, in the order in which they were told. */
const marks = (checks: readonly DoctorCheck[]): string[] =>
  checks.map(
    ({ kind, ok, hint }) => `${kind} ${ok ? (hint === undefined ? 'ok' : 'warn') : 'FAIL'}`,
  )
const find = (checks: readonly DoctorCheck[], wanted: string): DoctorCheck | undefined =>
  checks.find(({ kind, name }) => kind === wanted || name === wanted)

describe('doctor', () => {
  it('looks at Node, the directory, each REST host, the clock, the archive and its listing', async () => {
    const here = await bench()
    const { url } = await here.exchange()
    const checks = await checksOf(here, { baseUrls: [url], archiveUrl: url })
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'directory',
      url,
      'clock',
      `archive ${url}`,
      `archive listing ${url}`,
    ])
    const good = ['node ok', 'directory ok', 'rest ok', 'clock ok', 'archive ok', 'listing ok']
    expect(marks(checks)).toEqual(good)
    expect(find(checks, 'rest')).toMatchObject({ market: 'spot', url, skewMs: 0 })
    const left = await readdir(here.dataDir, { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile())).toEqual([])
  })

  it('looks at the hosts of the markets that are named, each by its own limit', async () => {
    const here = await bench()
    const { url } = await here.exchange({
      um: { symbols: [{ symbol: 'BTCUSDT' }] },
      cm: { symbols: [{ symbol: 'BTCUSD_PERP' }] },
    })
    const checks = await checksOf(here, { baseUrls: [`um=${url}`, `cm=${url}`] })
    const hosts = checks.filter(({ kind }) => kind === 'rest')
    expect(hosts).toMatchObject([
      { name: `um=${url}`, market: 'um', url, ok: true, weight: { limit: 2_400 } },
      { name: `cm=${url}`, market: 'cm', url, ok: true, weight: { limit: 2_400 } },
    ])
  })

  it('says what is left by the limits of the exchange, not by the documented ones', async () => {
    const here = await bench()
    const rule = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1 } as const
    const limits = { rules: [{ ...rule, limit: 300 }] }
    const { url, exchange } = await here.exchange({ limits })
    const [rest] = (await checksOf(here, { baseUrls: [url] })).filter(({ kind }) => kind === 'rest')
    expect(rest?.weight).toEqual({ used: exchange.log.weight, limit: 300 })
  })

  it('an archive that is down is two lines, and REST is looked at all the same', async () => {
    const here = await bench()
    const { url } = await here.exchange()
    const checks = await checksOf(here, { baseUrls: [url], archiveUrl: DEAD })
    expect(marks(checks).slice(2)).toEqual(['rest ok', 'clock ok', 'archive FAIL', 'listing FAIL'])
    for (const kind of ['archive', 'listing']) {
      expect(find(checks, kind)?.seen).toMatch(/127\.0\.0\.1:9.*ECONNREFUSED/)
      expect(find(checks, kind)?.hint).toContain('--archive-url')
    }
  })

  it('of two hosts the one that is down is named, and the clock is that of the other', async () => {
    const here = await bench()
    const { url } = await here.exchange()
    const checks = await checksOf(here, { baseUrls: [DEAD, url] })
    expect(marks(checks).slice(2)).toEqual(['rest FAIL', 'rest ok', 'clock ok', 'archive ok'])
    expect(find(checks, DEAD)).toMatchObject({
      code: 'E_UNREACHABLE',
      seen: expect.stringContaining('ECONNREFUSED') as string,
    })
  })

  it('says that no host told the time, rather than nothing', async () => {
    const checks = await checksOf(await bench(), { baseUrls: [DEAD] })
    expect(marks(checks).slice(2)).toEqual(['rest FAIL', 'clock FAIL', 'archive ok'])
  })

  it('a bucket that may not be listed is told from an archive that cannot be reached', async () => {
    const here = await bench()
    const { url } = await here.exchange({ archive: { isListed: false } })
    const checks = await checksOf(here, { baseUrls: [url], archiveUrl: url })
    expect(marks(checks).slice(4)).toEqual(['archive ok', 'listing FAIL'])
    expect(find(checks, 'listing')).toMatchObject({
      seen: 'the bucket may not be listed: HTTP 403',
      hint: expect.stringContaining('by its name') as string,
    })
  })

  it.each([
    [403, 'archive FAIL', /^refuses .*HTTP 403/],
    [404, 'archive warn', /^answers in/],
    [502, 'archive FAIL', /HTTP 502/],
  ])('an archive that answers %i to a file: %s', async (status, mark, seen) => {
    const here = await bench()
    const path = '/data/spot/monthly/klines/BTCUSDT/1d/BTCUSDT-1d-2024-01.zip.CHECKSUM'
    const rules = [{ path, times: Infinity, fault: { kind: 'status', status } as const }]
    const { url } = await here.exchange({ faults: { rules } })
    const checks = await checksOf(here, { baseUrls: [url], archiveUrl: url })
    expect(marks(checks).slice(4)).toEqual([mark, 'listing ok'])
    expect(find(checks, 'archive')?.seen).toMatch(seen)
  })

  it('what answers and is no archive is none', async () => {
    const here = await bench()
    const rules = ['/', '/data/spot/monthly/klines/BTCUSDT/1d/BTCUSDT-1d-2024-01.zip.CHECKSUM'].map(
      (path) => ({ path, times: Infinity, fault: { kind: 'body', body: 'html' } as const }),
    )
    const { url } = await here.exchange({ faults: { rules } })
    const checks = await checksOf(here, { baseUrls: [url], archiveUrl: url })
    expect(marks(checks).slice(4)).toEqual(['archive FAIL', 'listing FAIL'])
  })

  it.each([
    [3 * HOUR_MS, 'is 10800 s behind'],
    [-3 * HOUR_MS, 'is 10800 s ahead of'],
  ])('a clock that is %i ms off is told, and does no harm', async (aheadMs, words) => {
    const here = await bench()
    const { url } = await here.exchange({}, aheadMs)
    const checks = await checksOf(here, { baseUrls: [url] })
    expect(marks(checks).slice(2)).toEqual(['rest ok', 'clock warn', 'archive ok'])
    expect(find(checks, 'clock')).toMatchObject({ skewMs: aheadMs, ok: true })
    expect(find(checks, 'clock')?.seen).toContain(words)
  })

  it('an exchange whose clock cannot be trusted is a failure', async () => {
    const here = await bench()
    const { url } = await here.exchange({}, 2 * 365 * 24 * HOUR_MS)
    const checks = await checksOf(here, { baseUrls: [url] })
    expect(marks(checks).slice(2)).toEqual(['rest FAIL', 'clock FAIL', 'archive ok'])
    expect(find(checks, 'rest')).toMatchObject({ code: 'E_CLOCK' })
  })

  it.each([
    ['EROFS', /read-only/],
    ['ENOSPC', /^Free some space, then run again\.$/],
  ])(
    'a directory that refuses with %s does not hide what the hosts are like',
    async (code, hint) => {
      const open: FsCalls['open'] = async (path, flags, mode) => {
        if ((flags & constants.O_CREAT) !== 0) throw systemError(code, path)
        return nodeFsCalls.open(path, flags, mode)
      }
      const here = await bench({ ...nodeFsCalls, open })
      const { url } = await here.exchange()
      const checks = await checksOf(here, { baseUrls: [url] })
      expect(marks(checks)).toEqual([
        'node ok',
        'directory FAIL',
        'rest ok',
        'clock ok',
        'archive ok',
      ])
      expect(find(checks, 'directory')?.seen).toContain(code)
      expect(find(checks, 'directory')?.hint).toMatch(hint)
    },
  )
})

describe('a limit that others have used up', () => {
  const rule = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1 } as const
  const used = (othersWeight: number): Partial<ExchangeOptions> => ({
    limits: { rules: [{ ...rule, limit: 300 }], othersWeight },
  })

  it('is told by the first refusal', async () => {
    const here = await bench()
    const { url, exchange } = await here.exchange(used(300))
    const checks = await checksOf(here, { baseUrls: [url] })
    expect(find(checks, 'rest')).toMatchObject({ ok: false, code: 'E_RATE_LIMITED' })
    expect(exchange.log.refusals).toEqual({ limited: 1, banned: 0, blocked: 0 })
  })

  it('is not run into where its use is known, nor waited for', async () => {
    const here = await bench()
    const { url, exchange } = await here.exchange({
      limits: { rules: [{ ...rule, limit: 6_000 }], othersWeight: 5_990 },
    })
    here.world.clock.skip(20_000)
    const before = here.world.clock.monotonicMs()
    const checks = await checksOf(here, { baseUrls: [url] })
    expect(find(checks, 'rest')?.seen).toMatch(
      /^limit used up \(5994 of 6000\); room again in \d+ s$/,
    )
    expect(exchange.log.refusals.limited).toBe(0)
    expect(here.world.clock.monotonicMs() - before).toBeLessThan(5_000)
  })

  it.each([
    ['limited', 'E_RATE_LIMITED', 1],
    ['banned', 'E_BANNED', 1],
    ['region', 'E_REGION', API_URLS.length + 3],
  ] as const)(
    'a host that says %s: the other hosts of the exchange are asked only if that does no harm',
    async (kind, code, asked) => {
      const rules = [{ times: Infinity, fault: { kind } }]
      const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } })
      const world = virtualWorld(exchange)
      const checks: DoctorCheck[] = []
      const source = 'rest'
      for await (const check of doctor({ world, dataDir: await tempDir(), source }))
        checks.push(check)
      const hosts = checks.filter((check) => check.kind === 'rest')
      expect(hosts.map(({ name }) => name)).toEqual([
        ...[MARKET_DATA_URL, ...API_URLS],
        ...[`um=${UM_URL}`, `cm=${CM_URL}`],
      ])
      expect(hosts.every((host) => !host.ok && host.code === code)).toBe(true)
      expect(hosts.filter(({ seen }) => !seen.startsWith('not asked: '))).toHaveLength(asked)
      expect(exchange.log.entries.filter(({ path }) => /^\/[fd]?api\//.test(path))).toHaveLength(
        asked,
      )
    },
  )
})

describe('the command', () => {
  const call = async (url: string, ...more: readonly string[]) =>
    command(['doctor', '--data-dir', await tempDir(), '--base-url', url, ...more])

  it('ends with 0, and counts what is only to be known', async () => {
    const { url } = await serve({ exchange: { symbols: [{ symbol: 'ETHUSDT' }], archive: {} } })
    const fit = await call(url)
    expect([fit.exit, fit.stdout.split('\n').at(-2)]).toEqual([0, 'Fit for a backfill.'])
    const warned = await call(url, '--archive-url', url)
    expect([warned.exit, warned.stdout]).toEqual([
      0,
      expect.stringMatching(
        /\nwarn {2}archive http:[^]*\n {6}There is no data\/[^]*, with 1 warning\.\n$/,
      ),
    ])
  })

  it('ends with 1 when a check failed, and keeps nothing that was not fetched', async () => {
    const rules = [{ times: Infinity, fault: { kind: 'status', status: 404 } as const }]
    const { url } = await serve({
      exchange: { symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } },
    })
    const { exit, stdout, stderr } = await call(url)
    expect([exit, stderr]).toEqual([1, expect.stringMatching(/^error: 2 checks failed: /)])
    expect(stdout).toMatch(/\nFAIL {2}http:\/\/127\.0\.0\.1:\d+ .*HTTP 404/)
    expect(stdout + stderr).not.toMatch(/\bkept\b/)
  })

  it('ends with 5 when nothing but a ban stands in the way', async () => {
    const rules = [{ times: Infinity, fault: { kind: 'banned' } as const }]
    const { url } = await serve({
      exchange: { symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } },
    })
    const { exit, stdout, stderr } = await call(url, '--json')
    expect(JSON.parse(stderr)).toMatchObject({ kind: 'error', code: 'E_UNFIT', exit: 5 })
    expect([exit, JSON.parse(stdout)]).toMatchObject([5, { ok: false }])
  })
})
