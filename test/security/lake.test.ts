/** A hostile lake: manifests and links that somebody else made. Nothing outside of it is read or written. */

import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { backfill } from '../../src/backfill/run.ts'
import { BackfillError } from '../../src/base/errors.ts'
import type { World } from '../../src/base/ports.ts'
import { refuseMix } from '../../src/cli/origin.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { status } from '../../src/query/status.ts'
import { checksumOf } from '../../src/store/manifest.ts'
import { verify } from '../../src/verify/verify.ts'
import { writeReport } from '../../src/report/report.ts'
import { command } from '../support/command.ts'
import { serve, tempDir } from '../support/lake.ts'
import { attempt, virtualWorld, type VirtualWorld } from '../support/virtual.ts'
import '../support/cli-library.ts'
import { bytesOf, put } from '../support/put.ts'
import { markLakeOrigin } from '../../src/index.ts'

type Document = Record<string, unknown> & { partitions: Record<string, Record<string, unknown>> }

const SERIES = 'spot/klines/interval=1m/symbol=BTCUSDT'
const SMALL_JOB = `
version: 1
source: rest
compression: none
from: 2026-04-30T12:00:00Z
to: 2026-05-01T12:00:00Z
datasets: [{kind: klines, symbols: [BTCUSDT], intervals: [1m]}]
`
const EXCHANGE = { symbols: [{ symbol: 'BTCUSDT' }] }
const PATH = `${SERIES}/_series.json`

/** The text of a changed manifest under a checksum that is right: whoever can write it can reckon too. */
function sealed(document: Document): string {
  const { checksum, ...rest } = document
  expect(checksum).toMatch(/^[0-9a-f]{64}$/)
  const body = JSON.stringify(rest, null, 1)
  return `${body.slice(0, -2)},\n "checksum": "${checksumOf(body)}"\n}\n`
}

/** A lake in memory with one change to a manifest of it. */
async function hostile(
  change: (document: Document) => void,
  format: (document: Document) => string,
): Promise<VirtualWorld> {
  const world = virtualWorld(new Exchange(EXCHANGE))
  expect((await attempt(SMALL_JOB, { world })).exit).toBe(0)
  const text = new TextDecoder().decode(await bytesOf(world.files, PATH))
  const document = JSON.parse(text) as Document
  expect(sealed(document)).toBe(text)
  change(document)
  await put(world.files, PATH, new TextEncoder().encode(format(document)))
  return world
}

const entry = (document: Document): Record<string, unknown> =>
  Object.values(document.partitions)[0]!

const own = (target: object, name: string, value: unknown): void => {
  Object.defineProperty(target, name, { value, enumerable: true })
}

const REVISION = {
  period: '2026-04',
  key: '1777550400000000',
  time: '2026-04-30T12:00:00.000000Z',
  old: { '<b>': '1' },
  new: { '<b>': '2' },
}

const CHANGES: readonly (readonly [name: string, change: (document: Document) => void])[] = [
  ['a period that leads out', (it) => (it.partitions['../../../../../canary'] = entry(it))],
  ['an absolute period', (it) => (it.partitions['/etc/passwd'] = entry(it))],
  ['a period with NUL', (it) => (it.partitions['2026-04\u0000'] = entry(it))],
  ['a period that is none', (it) => (it.partitions['2026-13'] = entry(it))],
  ['a period of the year 9999', (it) => (it.partitions['9999'] = entry(it))],
  ['a period of another length', (it) => (it.partitions['2026-04-30'] = entry(it))],
  [
    '__proto__ for a period',
    (it) => {
      own(it.partitions, '__proto__', entry(it))
    },
  ],
  [
    '__proto__ for an archive',
    (it) => {
      own(it['archives'] as object, '__proto__', { rows: 1 })
    },
  ],
  [
    '__proto__ for a proof',
    (it) => {
      own(entry(it)['proof'] as object, '__proto__', 1)
    },
  ],
  ['a path that leads out', (it) => (entry(it)['path'] = '../../../../canary')],
  ['another symbol', (it) => (it['symbol'] = '../../../canary')],
  ['another dataset', (it) => (it['dataset'] = 'constructor')],
  ['an interval that is none', (it) => (it['interval'] = '../1m')],
  [
    'coverage of all time',
    (it) =>
      (it['coverage'] = [
        { from: '0000-01-01T00:00:00.000000Z', to: '9999-12-31T00:00:00.000000Z' },
      ]),
  ],
  [
    'coverage that is reversed',
    (it) =>
      (it['coverage'] = [
        { from: '2026-05-01T00:00:00.000000Z', to: '2026-04-01T00:00:00.000000Z' },
      ]),
  ],
  ['coverage of a moment that is none', (it) => (it['coverage'] = [{ from: 'now', to: 'then' }])],
  [
    'a gap of all time',
    (it) =>
      (it['gaps'] = [
        {
          from: '0000-01-01T00:00:00.000000Z',
          to: '9999-12-31T00:00:00.000000Z',
          reason: 'outage',
          asked: 2,
        },
      ]),
  ],
  ['keys beyond 64 bits', (it) => (entry(it)['lastKey'] = '9'.repeat(400))],
  ['keys that are no numbers', (it) => (entry(it)['firstKey'] = 'x')],
  ['keys that are reversed', (it) => (entry(it)['firstKey'] = '9'.repeat(18))],
  ['more rows than there can be', (it) => (entry(it)['rows'] = Number.MAX_SAFE_INTEGER)],
  ['more bytes than there are', (it) => (entry(it)['bytes'] = Number.MAX_SAFE_INTEGER)],
  ['numbers beyond reason', (it) => (entry(it)['rows'] = 1e300)],
  ['a negative number', (it) => (entry(it)['rows'] = -1)],
  ['texts for numbers', (it) => (entry(it)['rows'] = '1')],
  ['lists for objects', (it) => (it['archives'] = [])],
  ['a hash that is none', (it) => (entry(it)['sha256'] = '../canary')],
  ['a source that is none', (it) => (entry(it)['sources'] = ['<script>', '\u202e'])],
  [
    'an archive that leads out',
    (it) => (it['archives'] = { '../../../canary': { sha256: 'f'.repeat(64), period: '2026-04' } }),
  ],
  [
    'an archive of a time that is none',
    (it) => (it['archives'] = { 'data/x.zip': { sha256: 'f'.repeat(64), period: '../..' } }),
  ],
  [
    'a revision of a time that is none',
    (it) => (it['revisions'] = [{ ...REVISION, time: 'never' }]),
  ],
  [
    'a revision of a period that is none',
    (it) => (it['revisions'] = [{ ...REVISION, period: '..' }]),
  ],
  ['a revision of a key that is none', (it) => (it['revisions'] = [{ ...REVISION, key: 'x' }])],
  [
    'twelve thousand periods',
    (it) => {
      for (let i = 0; i < 12_000; i++) it.partitions[`${1000 + i}`] = entry(it)
    },
  ],
  ['a newer version', (it) => (it['format'] = 99)],
]

describe.each([
  ['a broken', (document: Document) => JSON.stringify(document)],
  ['a sealed', sealed],
])('%s manifest', (_, format) => {
  it.each(CHANGES)('%s: told as damage, or no matter', async (__, change) => {
    const world = await hostile(change, format)
    for (const work of uses(world)) {
      const error: unknown = await work().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error === undefined) continue
      // Nothing tried to leave the lake: that would be refused as E_STORE_IO, with another exit.
      expect(error).toBeInstanceOf(BackfillError)
      expect((error as BackfillError).exit, (error as BackfillError).message).toBeOneOf([2, 3, 4])
    }
    expect(({} as Record<string, unknown>)['rows']).toBeUndefined()
  })
})

/** All that is done with a lake, one after the other. */
function uses(world: World): (() => Promise<unknown>)[] {
  const jobs = [parseJob(SMALL_JOB, 'test.yaml')]
  return [
    () => planJobs(jobs, { world }),
    () => status([], { world }),
    async () => writeReport(join(await tempDir(), 'report.html'), [], { world }),
    () => last(verify([], { world })),
    () => last(backfill(jobs, { world })),
    () => last(verify([], { world, rebuild: true })),
    () => last(backfill(jobs, { world })),
  ]
}

async function last<T>(steps: AsyncIterable<T>): Promise<T | undefined> {
  let final: T | undefined
  for await (const step of steps) final = step
  return final
}

/** A job file beside an empty lake, and the command line that runs it against a stand-in. */
async function onDisk(): Promise<{
  readonly directory: string
  readonly dataDir: string
  readonly argv: readonly string[]
  readonly requests: () => number
}> {
  const { url, log } = await serve({ exchange: EXCHANGE })
  const directory = await tempDir()
  const dataDir = join(directory, 'lake')
  const job = join(directory, 'job.yaml')
  await writeFile(job, SMALL_JOB)
  const argv = ['run', job, '--data-dir', dataDir, '--base-url', url]
  return { directory, dataDir, argv, requests: () => log.count }
}

describe('on a disk', () => {
  it('a sealed period that leads out: what it leads to stays as it is', async () => {
    const { directory, dataDir, argv } = await onDisk()
    expect((await command(argv)).exit).toBe(0)
    const canary = join(directory, 'canary')
    await writeFile(canary, 'canary')
    const document = JSON.parse(await readFile(join(dataDir, PATH), 'utf8')) as Document
    document.partitions['../../../../../canary'] = entry(document)
    await writeFile(join(dataDir, PATH), sealed(document))
    const exits: number[] = []
    for (const args of [['verify'], ['status'], ['verify', '--rebuild'], ['verify']])
      exits.push((await command([...args, '--data-dir', dataDir])).exit)
    expect(exits).toEqual([4, 4, 0, 0])
    expect(await readFile(canary, 'utf8')).toBe('canary')
    expect((await readdir(directory)).sort()).toEqual(['canary', 'job.yaml', 'lake'])
  })

  it('a directory of something else is refused before anything is asked', async () => {
    const { dataDir, argv, requests } = await onDisk()
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'thesis\nerror: forged.doc'), 'mine')
    const { exit, stderr } = await command(argv)
    expect(exit).toBe(2)
    expect(stderr.split('\n')).toHaveLength(2)
    expect(stderr).toContain('it holds "thesis\\u{a}error: forged.doc"')
    expect(requests()).toBe(0)
    expect(await readdir(dataDir)).toHaveLength(1)
  })

  it('leftovers of a run that died are swept, and what is not ours is left alone', async () => {
    const { dataDir, argv } = await onDisk()
    await mkdir(join(dataDir, '_tmp'), { recursive: true })
    await writeFile(join(dataDir, '_tmp', '1-abc.tmp'), 'half')
    await writeFile(join(dataDir, '_tmp', 'notes.txt'), 'mine')
    await writeFile(join(dataDir, '.DS_Store'), 'theirs')
    expect((await command(argv)).exit).toBe(0)
    expect(await readdir(join(dataDir, '_tmp'))).toEqual(['notes.txt'])
    expect(await readFile(join(dataDir, '.DS_Store'), 'utf8')).toBe('theirs')
  })
})

describe('K10: links and pipes', () => {
  it.each(['_tmp', '_lock', 'spot', SERIES, '_lake.json'])(
    '%s that leads elsewhere is not written through',
    async (name) => {
      const { directory, dataDir, argv } = await onDisk()
      const outside = join(directory, 'outside')
      await mkdir(join(dataDir, name, '..'), { recursive: true })
      await mkdir(outside)
      const target = name.endsWith('.json') ? join(outside, 'file') : outside
      await symlink(target, join(dataDir, name))
      const { exit, stderr } = await command(argv)
      expect([0, 1, 2], stderr).toContain(exit)
      expect(stderr).not.toContain('This is a bug')
      expect(await readdir(outside)).toEqual([])
    },
  )

  it('a partition that is a link is never written through', async () => {
    const { directory, dataDir, argv } = await onDisk()
    const outside = join(directory, 'outside.parquet')
    await writeFile(outside, 'mine')
    const period = join(dataDir, SERIES, 'period=2026-04')
    await mkdir(period, { recursive: true })
    await symlink(outside, join(period, 'data.parquet'))
    await command(argv)
    expect(await readFile(outside, 'utf8')).toBe('mine')
  })

  it.each([`${SERIES}/period=2026-04/data.parquet`, PATH, '_lake.json'])(
    '%s that is a pipe does not hold anybody up',
    async (name) => {
      const { dataDir, argv } = await onDisk()
      expect((await command(argv)).exit).toBe(0)
      await rm(join(dataDir, name), { force: true })
      execFileSync('mkfifo', [join(dataDir, name)])
      for (const line of [
        argv,
        ['verify', '--data-dir', dataDir],
        ['status', '--data-dir', dataDir],
      ])
        expect([0, 1, 2, 4]).toContain((await command(line)).exit)
    },
  )

  it('a report and a file of metrics replace a link, and not what it leads to', async () => {
    const { directory, argv } = await onDisk()
    const outside = join(directory, 'outside')
    await writeFile(outside, 'mine')
    const [page, metrics] = [join(directory, 'report.html'), join(directory, 'metrics.prom')]
    for (const path of [page, metrics]) await symlink(outside, path)
    expect((await command([...argv, '--metrics-file', metrics])).exit).toBe(0)
    const [, , ...lake] = argv.slice(0, 4)
    expect((await command(['report', '--out', page, ...lake])).exit).toBe(0)
    expect(await readFile(outside, 'utf8')).toBe('mine')
    expect(await readFile(page, 'utf8')).toContain('<!doctype html>')
    expect(await readFile(metrics, 'utf8')).toMatch(/last_run_exit_code\{job="[^"]+"\} 0/)
  })

  it('the mark of simulated rows is not written through a link, and read from no pipe', async () => {
    const directory = await tempDir()
    const outside = join(directory, 'outside')
    const linked = join(directory, 'linked')
    await writeFile(outside, 'mine')
    await mkdir(linked)
    await symlink(outside, join(linked, '_origin.json'))
    await markLakeOrigin('simulator', { dataDir: linked })
    expect(await readFile(outside, 'utf8')).toBe('mine')
    await expect(refuseMix('binance', linked)).rejects.toThrow("the simulator's rows")
    const piped = join(directory, 'piped')
    await mkdir(piped)
    execFileSync('mkfifo', [join(piped, '_origin.json')])
    await expect(refuseMix('binance', piped)).resolves.toBeUndefined()
  })
})
