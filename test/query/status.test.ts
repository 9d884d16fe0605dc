/** `status`: per series complete, complete with known gaps, or incomplete, and why; in words and as data. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatWindow, micros, parseWindow, type Window } from '../../src/base/time.ts'
import type { Gap } from '../../src/base/gap.ts'
import { parseJob } from '../../src/job/parse.ts'
import { seriesFacts } from '../../src/report/facts.ts'
import { cover, emptyManifest, record } from '../../src/store/ledger.ts'
import type { RowProof } from '../../src/rows/proof.ts'
import type { Manifest } from '../../src/store/manifest.ts'
import { verdictOf } from '../../src/store/verdict.ts'
import { status, statusOf } from '../../src/query/status.ts'
import { command } from '../support/command.ts'
import { tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { statusOfOne } from '../support/checked.ts'

const JOB = `
version: 1
datasets:
  - kind: klines
    symbols: [ETHUSDT]
    intervals: [1h]
    from: 2026-11-02
    to: 2026-11-09
`
const lake = sharedLake(JOB)

test('without jobs: what is in the lake, with its gaps and without a wish', async () => {
  const one = await statusOfOne({ dataDir: lake.dataDir })
  expect(one).toMatchObject({
    dataset: 'klines',
    symbol: 'ETHUSDT',
    interval: '1h',
    verdict: 'complete with 1 known gap',
    rows: 7 * 24 - 4,
    partitions: 1,
    missing: [],
    gaps: [
      { from: '2026-11-05T02:00:00.000000Z', to: '2026-11-05T06:00:00.000000Z', reason: 'outage' },
    ],
  })
  expect(one).not.toHaveProperty('wanted')
})

test('with a job: what it wants, what is missing of it, and only the gaps that matter to it', async () => {
  const later = JOB.replace('2026-11-09', '2026-11-10')
  const one = await statusOfOne({ dataDir: lake.dataDir }, later)
  expect(one.wanted).toEqual([
    { from: '2026-11-02T00:00:00.000000Z', to: '2026-11-10T00:00:00.000000Z' },
  ])
  expect(one.verdict).toBe(
    'incomplete: missing 2026-11-09T00:00:00.000000Z to 2026-11-10T00:00:00.000000Z',
  )
  const part = await statusOfOne({ dataDir: lake.dataDir }, JOB.replace('2026-11-09', '2026-11-04'))
  expect(part.verdict).toBe('complete')
})

test('a series that the lake does not have is missing as a whole', async () => {
  const one = await statusOfOne({ dataDir: lake.dataDir }, JOB.replace('ETHUSDT', 'XRPUSDT'))
  expect(one).toMatchObject({ rows: 0, partitions: 0, bytes: 0, covered: [] })
  expect(one.verdict).toMatch(/^incomplete: missing 2026-11-02/)
})

test('a damaged manifest is told with its series, file and mending command, and hides no other', async () => {
  const path = `${lake.dataDir}/spot/klines/interval=1h/symbol=ETHUSDT/_series.json`
  const sound = await readFile(path)
  await writeFile(path, sound.subarray(0, 40))
  try {
    const two = parseJob(JOB.replace('ETHUSDT', 'ETHUSDT, BTCUSDT'), 'x')
    const [broken, other] = (await status([two], { dataDir: lake.dataDir })).series
    expect(broken).toMatchObject({ covered: [], missing: broken?.wanted, rows: 0 })
    expect(broken?.verdict).toMatch(/^damaged: .*interval=1h\/symbol=ETHUSDT\/_series\.json/)
    expect(broken?.error).toMatchObject({
      code: 'E_DAMAGED',
      hint: expect.stringContaining('verify --rebuild') as string,
    })
    expect(other?.verdict).toMatch(/^incomplete: missing/)
    const out = join(await tempDir(), 'report.html')
    for (const args of [['status', '--json'], ['status'], ['report', '--out', out]]) {
      const { exit, stdout, stderr } = await command([...args, '--data-dir', lake.dataDir])
      expect(exit).toBe(4)
      expect(stderr).toContain('damage found in 1 series')
      expect(stdout).toContain(args.includes('--out') ? 'report.html' : 'damaged: spot/klines')
    }
    expect(await readFile(out, 'utf8')).toContain('s-incomplete')
  } finally {
    await writeFile(path, sound)
  }
})

const W = (from: number, to: number): Window => ({
  from: micros(BigInt(from)),
  to: micros(BigInt(to)),
})
const gap = (from: number, to: number, reason: Gap['reason']): Gap => ({ ...W(from, to), reason })

const NOTHING = emptyManifest(
  { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' },
  'string',
  'day',
)

test.each([
  ['unavailable-from-rest', 'incomplete: missing', '(unavailable-from-rest)'],
  ['not-published', 'incomplete: missing', '(not-published)'],
  ['unconfirmed', 'incomplete: missing', '(unconfirmed)'],
] as const)('%s leaves its time missing and is named', (reason, head, tail) => {
  const manifest = { ...NOTHING, gaps: [gap(10, 20, reason)] }
  const { words: verdict } = verdictOf({ manifest, wanted: [W(10, 20)] })
  expect(verdict.startsWith(head)).toBe(true)
  expect(verdict.endsWith(tail)).toBe(true)
})

test.each([
  ['nothing was published', [W(10, 50)]],
  ['the end was not published yet', [W(40, 50)]],
  ['the beginning was not published', [W(10, 20)]],
])('asked for and not had, without a job too: %s', (_, windows) => {
  const key = { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' } as const
  const gaps = windows.map((window) => ({ ...window, reason: 'not-published' as const }))
  const answered = { window: W(10, 50), gaps, fresh: [] }
  const { verdict, missing } = statusOf(
    key,
    cover(emptyManifest(key, 'string', 'day'), answered),
    undefined,
  )
  expect(verdict).toMatch(/^incomplete: missing .*\(not-published\)$/)
  expect(missing).toEqual(windows.map(formatWindow))
})

test.each(['outage', 'before-listing', 'after-delisting'] as const)(
  '%s is a known gap',
  (reason) => {
    const manifest = { ...NOTHING, coverage: [W(10, 20)], gaps: [gap(10, 20, reason)] }
    expect(verdictOf({ manifest, wanted: undefined }).words).toBe('complete with 1 known gap')
  },
)

const DAY = parseWindow({ from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' })
const NEXT = parseWindow({ from: '2026-03-02T00:00:00Z', to: '2026-03-03T00:00:00Z' })

function tradesWith(
  days: readonly {
    readonly window: Window
    readonly first: number
    readonly last: number
    readonly proof: RowProof
  }[],
): Manifest {
  const key = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
  return days.reduce(
    (manifest, { window, first, last, proof }, index) =>
      record(
        manifest,
        {
          key,
          period: `2026-03-0${index + 1}`,
          partition: 'day',
          numbers: 'string',
          coverage: [window],
          gaps: [],
          sources: ['rest'],
          firstKey: String(first),
          lastKey: String(last),
          proof,
          archives: {},
          revisions: [],
        },
        { rows: last - first + 1, bytes: 1, sha256: '' },
      ),
    emptyManifest(key, 'string', 'day'),
  )
}

test('ids that are not contiguous in covered time make a series incomplete', () => {
  const whole = [
    { window: DAY, first: 1, last: 9, proof: { id_breaks: 0 } },
    { window: NEXT, first: 10, last: 19, proof: { id_breaks: 0 } },
  ]
  const verdict = (days: typeof whole): string => {
    const manifest = tradesWith(days)
    return statusOf(manifest.key, manifest, undefined).verdict
  }
  expect(verdict(whole)).toBe('complete')
  expect(verdict([{ ...whole[0]!, proof: { id_breaks: 2 } }, whole[1]!])).toBe(
    'incomplete: ids are not contiguous in 2 places',
  )
  expect(verdict([whole[0]!, { ...whole[1]!, first: 11 }])).toBe(
    'incomplete: ids are not contiguous in 1 place',
  )
})

test('the report shows a series as its verdict says', () => {
  const proof = { id_breaks: 0 }
  const whole = tradesWith([{ window: DAY, first: 1, last: 9, proof }])
  const broken = tradesWith([{ window: DAY, first: 1, last: 9, proof: { id_breaks: 1 } }])
  const gappy = {
    ...whole,
    gaps: [{ from: DAY.from, to: micros(DAY.from + 1n), reason: 'outage' }],
  } as const
  const standing = (manifest: Manifest, wanted: Window[] = [DAY]): string =>
    seriesFacts(statusOf(manifest.key, manifest, wanted), [], 1).standing
  expect(standing(whole)).toBe('complete')
  expect(standing(broken)).toBe('incomplete')
  expect(standing(gappy)).toBe('gaps')
  expect(standing(gappy, [{ from: micros(DAY.from + 1n), to: DAY.to }])).toBe('complete')
  expect(standing(whole, [DAY, NEXT])).toBe('incomplete')
})
