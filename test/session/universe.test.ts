/** A universe without survivorship bias: symbols that only the archive still has are listed, chosen by jobs, and stored. */

import { describe, expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { listSymbols, readRuns, sql, status } from '../../src/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Simulator, SymbolOptions } from '../../src/simulator/index.ts'
import { doors } from '../support/archive-jobs.ts'
import { command } from '../support/command.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const listedAt = parseMicros('2026-05-10')
const SYMBOLS: readonly SymbolOptions[] = [
  { symbol: 'BTCUSDT', listedAt },
  { symbol: 'ETHBTC', listedAt, baseAsset: 'ETH', quoteAsset: 'BTC' },
  { symbol: 'GONEUSDT', listedAt, delistedAt: parseMicros('2026-07-10'), listed: false },
  // XYZ against TUSD, or XYZT against USD?
  { symbol: 'XYZTUSD', listedAt, delistedAt: parseMicros('2026-06-20'), listed: false },
]

async function exchange(): Promise<Simulator> {
  return serve({ exchange: { symbols: SYMBOLS, archive: {} } })
}

describe('symbols --universe all-time', () => {
  test('has what the archive alone knows, with its months', async () => {
    const options = { ...doors(await exchange()), dataDir: await tempDir() }
    const all = await listSymbols({ universe: 'all-time' }, options)
    expect(
      all.map(({ symbol, market, status: now, quoteAsset, first, last }) =>
        [symbol, market, now, quoteAsset, first, last].join(' '),
      ),
    ).toEqual([
      expect.stringMatching(/^BTCUSDT spot TRADING USDT 2026-05 20\d\d-\d\d$/),
      expect.stringMatching(/^ETHBTC spot TRADING BTC 2026-05 20\d\d-\d\d$/),
      'GONEUSDT spot DELISTED USDT 2026-05 2026-07',
      'XYZTUSD spot DELISTED TUSD 2026-05 2026-06',
    ])
    const filter = { universe: 'all-time', quote: 'USDT', status: 'DELISTED' } as const
    expect((await listSymbols(filter, options)).map(({ symbol }) => symbol)).toEqual(['GONEUSDT'])
    expect((await listSymbols({}, options)).map(({ symbol }) => symbol)).toEqual([
      'BTCUSDT',
      'ETHBTC',
    ])
  })

  test.each([
    [{ listedTo: '2026-05-01' }, []],
    [{ listedFrom: '2026-06-15', listedTo: '2026-07-01' }, ['BTCUSDT', 'GONEUSDT', 'XYZTUSD']],
    [{ listedFrom: '2026-07-01' }, ['BTCUSDT', 'GONEUSDT']],
    [{ listedFrom: '2026-08-01' }, ['BTCUSDT']],
  ])('has those that were listed between dates: %j', async (dates, names) => {
    const options = { ...doors(await exchange()), dataDir: await tempDir() }
    const found = await listSymbols({ universe: 'all-time', match: '*USD*', ...dates }, options)
    expect(found.map(({ symbol }) => symbol)).toEqual(names)
  })

  test.each([
    [['--listed-from', '2026-01-01'], /only known of the universe all-time/],
    [['--universe', 'all-time', '--listed-from', 'May'], /not an ISO 8601/],
    [
      ['--universe', 'all-time', '--listed-from', '2026-02-01', '--listed-to', '2026-01-01'],
      /is not after their start/,
    ],
  ])('%j is refused', async (argv, words) => {
    const { exit, stderr } = await command(['symbols', ...argv])
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringMatching(words) as string })
  })

  test('names what is not sure, and prints months', async () => {
    const { url } = await exchange()
    const lake = ['--base-url', url, '--archive-url', url]
    const told = await command(['symbols', '--universe', 'all-time', ...lake])
    expect(told.exit).toBe(0)
    expect(told.stdout).toMatch(/^GONEUSDT +DELISTED +GONE +USDT +2026-05 +2026-07$/m)
    expect(told.stderr).toMatch(/the longest known quote is taken: XYZTUSD\n/)
    const json = await command(['symbols', '--universe', 'all-time', '--json', ...lake])
    expect((JSON.parse(json.stdout) as { symbols: object[] }).symbols[2]).toEqual({
      symbol: 'GONEUSDT',
      market: 'spot',
      status: 'DELISTED',
      baseAsset: 'GONE',
      quoteAsset: 'USDT',
      first: '2026-05',
      last: '2026-07',
    })
  })

  test('is refused without an archive: only survivors would be found', async () => {
    const { url } = await exchange()
    const asked = listSymbols({ universe: 'all-time' }, { baseUrls: [url] })
    await expect(asked).rejects.toThrow(/takes the archive/)
    const unlisted = await serve({ exchange: { symbols: SYMBOLS, archive: { isListed: false } } })
    await expect(listSymbols({ universe: 'all-time' }, doors(unlisted))).rejects.toThrow(
      /the archive's symbols cannot be listed/,
    )
  })

  test('does not believe a listing that is empty: a universe of survivors is none', async () => {
    const empty = await serve({ exchange: { symbols: [], archive: {} } })
    await expect(listSymbols({ universe: 'all-time' }, doors(empty))).rejects.toMatchObject({
      name: 'UnavailableError',
      message: "the archive's symbols cannot be listed: it names none of spot",
    })
  })
})

describe('a job of all time', () => {
  const JOB = `
version: 1
symbols: { universe: all-time, quote: USDT }
from: listing
to: 2026-08-01
datasets: [{ kind: klines, intervals: [1d] }]
`

  test('stores what was delisted, keeps the list, and the lake tells what was tradable', async () => {
    const dataDir = await tempDir()
    const options = { ...doors(await exchange()), dataDir }
    const { summary, events } = await run(JOB, options)
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    expect(summary.series.map(({ key }) => key.symbol)).toEqual(['BTCUSDT', 'GONEUSDT'])
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([
      { kind: 'warning', message: expect.stringContaining('XYZTUSD') as string },
    ])
    const { runs } = await readRuns({ dataDir })
    expect(runs[0]!.symbols).toEqual({ spot: ['BTCUSDT', 'GONEUSDT'] })
    const told = await status([parseJob(JOB, 'job.yaml')], options)
    expect(told.series.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'GONEUSDT'])
    const answer = await sql(
      `SELECT symbol, market, strftime("first", '%Y-%m-%d') AS "first", strftime("last", '%Y-%m-%dT%H:%M') AS "last", status FROM symbols`,
      { dataDir },
    )
    const rows = []
    for await (const some of answer.rows()) rows.push(...some)
    answer.close()
    expect(rows).toEqual([
      ['BTCUSDT', 'spot', '2026-05-10', '2026-07-31T23:59', null],
      ['GONEUSDT', 'spot', '2026-05-10', '2026-07-09T23:59', 'DELISTED'],
    ])
  })

  test('chooses what was listed between dates, and a delisted symbol of a list has its listing', async () => {
    const options = { ...doors(await exchange()), dataDir: await tempDir() }
    const july = JOB.replace('quote: USDT', 'match: "*USD*", listed: {from: 2026-07-01}')
    const { summary } = await run(july, options)
    expect(summary.series.map(({ key }) => key.symbol)).toEqual(['BTCUSDT', 'GONEUSDT'])
    const list = { ...options, dataDir: await tempDir() }
    const named = await run(JOB.replace(/\{ universe.*\}/, '[GONEUSDT]'), list)
    expect(named.summary).toMatchObject({ complete: true, exit: 0, rows: 61 })
  })

  test('that chooses nothing is a slip', async () => {
    const options = { ...doors(await exchange()), dataDir: await tempDir() }
    await expect(run(JOB.replace('USDT', 'EURX'), options)).rejects.toThrow(
      /the filter of symbols selects none/,
    )
    expect(() => parseJob(JOB.replace('all-time', 'ever'), 'job.yaml')).toThrow(/"ever"/)
  })
})
