/** After a 418, no command of this lake asks the exchange for anything until the ban is over. In virtual time. */

import { expect, it } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { BannedError } from '../../src/base/errors.ts'
import type { Files, Memory } from '../../src/base/ports.ts'
import { BAN_PATH } from '../../src/pull/gate.ts'
import { Exchanges } from '../../src/walk/exchanges.ts'
import { doctor } from '../../src/query/doctor.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Options } from '../../src/options.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { status } from '../../src/query/status.ts'
import { listSymbols } from '../../src/query/symbols.ts'
import { verify, type Finding } from '../../src/verify/verify.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock } from '../support/sim-clock.ts'
import { attempt, virtualWorld, type VirtualWorld } from '../support/virtual.ts'

const URL = 'https://exchange.test'
const DAY_S = 86_400

const job = (symbols: string, source: string): string => `
version: 1
compression: none
source: ${source}
symbols: ${symbols}
from: 2026-04-01
to: 2026-05-01
datasets:
  - {kind: klines, intervals: [1h]}
`
const REST = job('[ETHUSDT]', 'rest')

type Banned = {
  readonly options: Options & { readonly world: VirtualWorld }
  /** Requests that counted against the exchange's limits. */
  readonly asked: () => number
  /** Requests to the archive, which is elsewhere and has no limits. */
  readonly askedOfArchive: () => number
}

/** A lake with rows of the archive, whose next run was banned for a day. */
async function bannedLake(): Promise<Banned> {
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }],
    archive: { rules: [] },
    faults: { rules: [{ path: '/api/v3/klines', fault: { kind: 'banned', seconds: DAY_S } }] },
  })
  const world = virtualWorld(exchange, { files: memFiles(), clock: simClock() })
  const options = { world, baseUrls: [URL], archiveUrl: URL }
  expect(await attempt(job('[BTCUSDT]', 'archive'), options)).toMatchObject({ exit: 0 })
  expect(await attempt(REST, options)).toMatchObject({ exit: 5, error: { code: 'E_BANNED' } })
  const count = (isApi: boolean): number =>
    exchange.log.entries.filter(({ path }) => path.startsWith('/api/') === isApi).length
  return { options, asked: () => count(true), askedOfArchive: () => count(false) }
}

const codeOf = (error: unknown): string =>
  error instanceof BannedError ? error.code : `not banned: ${String(error)}`

/** Each way to ask, and what it says: `E_BANNED`, or `done`. */
const COMMANDS: Readonly<Record<string, (options: Options) => Promise<string>>> = {
  run: async (options) => {
    const { exit, error } = await attempt(REST, options)
    return exit === 0 ? 'done' : codeOf(error)
  },
  plan: (options) => planJobs([parseJob(REST, 'test.yaml')], options).then(() => 'done', codeOf),
  'status of symbols by a filter': (options) =>
    status([parseJob(job('{quote: USDT}', 'rest'), 'test.yaml')], options).then(
      () => 'done',
      codeOf,
    ),
  symbols: (options) => listSymbols({}, options).then(() => 'done', codeOf),
  doctor: async (options) => {
    const dataDir = await tempDir()
    for await (const { name, ok, seen } of doctor({ ...options, dataDir }))
      if (name === URL) return ok ? 'done' : /banned/.test(seen) ? 'E_BANNED' : seen
    return 'the host was not looked at'
  },
}

it.each(Object.entries(COMMANDS))(
  '%s: nothing is sent until the ban is over, and then it works',
  async (_, command) => {
    const { options, asked } = await bannedLake()
    const before = asked()
    expect(await command(options)).toBe('E_BANNED')
    options.world.clock.skip((DAY_S - 60) * 1_000)
    expect(await command({ ...options, maxWaitMs: 0 })).toBe('E_BANNED')
    expect(asked()).toBe(before)
    options.world.clock.skip(120_000)
    expect(await command(options)).toBe('done')
    expect(asked()).toBeGreaterThan(before)
  },
)

it('verify --remote asks the archive only, which has no part in the ban', async () => {
  const { options, asked, askedOfArchive } = await bannedLake()
  const [before, archiveBefore] = [asked(), askedOfArchive()]
  const findings: Finding[] = []
  for await (const step of verify([], { ...options, remote: true }))
    if (step.kind === 'finding') findings.push(step.finding)
  expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([])
  expect(asked()).toBe(before)
  expect(askedOfArchive()).toBeGreaterThan(archiveBefore)
})

it.each([
  ['spot', '/api/v3/klines', ['um=http://gw.test']],
  ['um', '/fapi/v1/klines', ['http://gw.test', 'cm=http://gw.test']],
])(
  'a ban of %s is of its own exchange, whatever hosts other markets are asked of',
  async (market, path, baseUrls) => {
    const history = { symbols: [{ symbol: 'BTCUSDT' }], um: { symbols: [{ symbol: 'BTCUSDT' }] } }
    const rules = [{ path, fault: { kind: 'banned', seconds: DAY_S } }] as const
    const exchange = new Exchange({ ...history, faults: { rules } })
    const memories = new Map<string, Files>()
    const state = (name: string): Memory => {
      const files = memories.get(name) ?? memFiles()
      memories.set(name, files)
      return { files, directory: name }
    }
    const files = memFiles()
    const world = { ...virtualWorld(exchange, { files }), state }
    const wanted = `${job('[BTCUSDT]', 'rest')}market: ${market}\n`
    const codeAt = async (urls: readonly string[]): Promise<string> =>
      codeOf((await attempt(wanted, { world, baseUrls: urls })).error)
    expect(await codeAt(baseUrls)).toBe('E_BANNED')
    expect(await memories.get('binance')?.size(BAN_PATH)).toBeGreaterThan(0)
    const asked = exchange.log.entries.length
    expect(await codeAt([])).toBe('E_BANNED')
    expect(await codeAt([`${market}=http://fapi.binance.com`])).toBe('E_BANNED')
    expect(exchange.log.entries).toHaveLength(asked)
    const elsewhere = { ...virtualWorld(new Exchange(history), { files }), state }
    const other = { world: elsewhere, baseUrls: [`${market}=http://gw.test`] }
    expect(await attempt(wanted, other)).toMatchObject({ exit: 0, error: undefined })
  },
)

it('markets of one pool share it only where they are asked of the same exchange', () => {
  const gatesOf = (baseUrls: readonly string[]): number => {
    const world = virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }))
    const events = { onWait: () => undefined, onWarning: () => undefined }
    const all = Exchanges.to(world, ['um', 'cm'], {
      options: { baseUrls },
      events,
      signal: undefined,
    })
    return new Set(all.clients.map(({ gateways }) => gateways.all[0]?.gate)).size
  }
  expect(gatesOf([])).toBe(1)
  expect(gatesOf(['um=http://gw.test'])).toBe(2)
  expect(gatesOf(['um=http://gw.test', 'cm=http://gw.test/cm'])).toBe(1)
})
