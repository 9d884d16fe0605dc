/** `history`: the last runs for people and for scripts, and one of them whole. */

import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { historyTable, runText } from '../../src/cli/command/history.ts'
import type { RunRecord } from '../../src/index.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { command } from '../support/command.ts'
import { tempDir } from '../support/lake.ts'
import { NOON, recordAt, writeRuns } from '../support/run-records.ts'
import '../support/cli-library.ts'

const LACK = {
  ...{ market: 'spot', dataset: 'klines', symbol: 'ETHUSDT', interval: '1m' },
  windows: [{ from: '2026-04-04T00:00:00.000000Z', to: '2026-04-05T00:00:00.000000Z' }],
  moreWindows: 0,
}
const OK: RunRecord = { ...recordAt(NOON), id: '2026-04-05T12-00-00-000-00000001' }
const BAD: RunRecord = {
  ...recordAt(NOON + 1_000, { job: 'a-job-of-a-name-that-goes-on-and-on', rows: 1_234_567 }),
  id: '2026-04-05T12-00-01-000-00000002',
  ...{ finished: '2026-04-05T13:01:01.000000Z', exit: 3, complete: false, series: 54 },
  ...{ partitions: 3, bytes: 1_500_000, revisions: 2, requests: 40, weight: 80 },
  waits: { budget: { count: 3, ms: 90_000 } },
  symbols: { spot: Array.from({ length: 54 }, (_, index) => `COIN${index}USDT`) },
  missing: [
    { ...LACK, error: { code: 'E_UNREACHABLE', message: `no answer${' at all'.repeat(12)}` } },
    { ...LACK, symbol: 'BTCUSDT' },
    { ...LACK, symbol: 'XRPUSDT' },
  ],
  moreMissing: 1,
  error: { code: 'E_UNREACHABLE', message: 'no answer\u001b[31m', hint: 'Run again.' },
}

test('the last runs fit 80 columns, with what was missing and why', () => {
  const text = historyTable({ runs: [BAD, OK], problems: [], more: 7 })
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(text).toContain('2026-04-05T12-00-01  a-job-of-a-name')
  expect(text).toContain('  klines ETHUSDT 1m: no answer at all')
  expect(text).toContain('  klines BTCUSDT 1m: missing 2026-04-04 to 2026-04-05')
  expect(text).toContain('  and 2 more series')
  expect(text).toContain('7 older runs not shown')
})

test('two runs of one second are told apart', () => {
  const twin = { ...OK, id: '2026-04-05T12-00-00-500-00000003' }
  const text = historyTable({ runs: [twin, OK], problems: [], more: 0 })
  expect(text).toContain(twin.id)
  expect(text).toContain(OK.id)
})

test('one run whole', () => {
  expect(runText(BAD)).toBe(`\
2026-04-05T12-00-01-000-00000002
  job      a-job-of-a-name-that-goes-on-and-on
  started  2026-04-05 12:00:01 UTC
  took     1 h 1 min
  exit     3: no answer\\u{1b}[31m (Run again.)
  stored   1,234,567 rows; 3 files written (1.5 MB)
  changed  2 stored rows
  asked    40 requests, weight 80
  waited   1 min 30 s for our own share of the limits (3 waits)
  symbols  ${BAD.symbols['spot']!.slice(0, 10).join(', ')} and 44 more; --json lists them
  version  0.1.0
  missing  4 of 54 series
    klines ETHUSDT 1m
      no answer${' at all'.repeat(12)}
      2026-04-04 to 2026-04-05
    klines BTCUSDT 1m
      2026-04-04 to 2026-04-05
    klines XRPUSDT 1m
      2026-04-04 to 2026-04-05
    and 1 more series
`)
})

test('on the command line: JSON newest first, one by its beginning, and words', async () => {
  const dataDir = await tempDir()
  const lake = ['--data-dir', dataDir]
  const ids = await writeRuns(nodeFiles(dataDir), [NOON, NOON + 1_000, NOON + 2_000])
  await writeFile(join(dataDir, '_runs', '2026-04-05T12-00-03-000-00000000.json'), '{')
  const all = await command(['history', '--json', ...lake])
  expect(all.exit).toBe(0)
  const document = JSON.parse(all.stdout) as { runs: { id: string }[] }
  expect(document).toMatchObject({
    problems: [{ id: '2026-04-05T12-00-03-000-00000000' }],
    more: 0,
  })
  expect(document.runs.map(({ id }) => id)).toEqual(ids.toReversed())
  expect(Object.keys(document.runs[0]!)).toEqual(
    expect.arrayContaining(
      'id job started finished exit rows requests weight missing version'.split(' '),
    ),
  )
  const human = await command(['history', ...lake])
  expect([human.exit, human.stdout.match(/majors/g)?.length]).toEqual([0, 3])
  expect(human.stderr).toContain('warning: the record of run 2026-04-05T12-00-03-000-00000000')
  const one = await command(['history', ids[1]!.slice(0, 19), '--json', ...lake])
  expect(JSON.parse(one.stdout)).toEqual({ ...recordAt(NOON + 1_000, { rows: 1 }), id: ids[1] })
  const limited = await command(['history', '--limit', '2', '--json', ...lake])
  expect(JSON.parse(limited.stdout)).toMatchObject({ runs: [{ id: ids[2] }], more: 2 })
  const exits = async (...args: string[]): Promise<[number, string]> => {
    const { exit, stderr } = await command(['history', ...args])
    return [exit, stderr]
  }
  expect(await exits('2026-04-05T12-00-03', ...lake)).toEqual([4, expect.stringContaining('torn')])
  expect(await exits('2025', ...lake)).toEqual([2, expect.stringContaining('no run "2025"')])
  expect(await exits(ids[0]!, ids[1]!, ...lake)).toEqual([
    2,
    expect.stringContaining('shows one run'),
  ])
  expect(await exits(ids[0]!, '--limit', '1', ...lake)).toEqual([
    2,
    expect.stringContaining('--limit'),
  ])
  const none = join(dataDir, 'nothing')
  expect(await exits('--data-dir', none)).toEqual([2, expect.stringContaining('no lake')])
  await mkdir(none)
  expect(await exits('--data-dir', none)).toEqual([2, expect.stringContaining('no lake')])
  expect(await readdir(none)).toEqual([])
})
