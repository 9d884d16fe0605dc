import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BannedError,
  JobError,
  LockedError,
  markLakeOrigin,
  StoppedError,
} from '../../src/index.ts'
import { run } from '../../src/cli/dispatch.ts'
import { describeError, exitOf } from '../../src/cli/failure.ts'
import { jobsFrom } from '../../src/cli/jobs.ts'
import { JOB_FLAGS, optionsOf } from '../../src/cli/flags.ts'
import { originOf, refuseMix } from '../../src/cli/origin.ts'
import { fakeIo, type FakeIo } from '../support/terminal.ts'
import '../support/cli-library.ts'

const GOOD = `version: 1
symbols: [BTCUSDT]
from: 2024-01-01
to: 2024-02-01
datasets:
  - kind: klines
    intervals: [1m]
`
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-'))
  await writeFile(join(directory, 'good.yaml'), GOOD)
  await writeFile(
    join(directory, 'bad.yaml'),
    GOOD.replace('1m', '1Min').replace('klines', 'klnes'),
  )
  await writeFile(join(directory, 'latin1.yaml'), Uint8Array.of(0x61, 0x3a, 0x20, 0xe9, 0x0a))
  await writeFile(join(directory, 'huge.yaml'), 'a'.repeat(300 * 1024))
  await mkdir(join(directory, 'folder.yaml'))
})

afterAll(async () => {
  await rm(directory, { recursive: true })
})

async function command(line: string, io: FakeIo = fakeIo()): Promise<[number, string, string]> {
  const argv = line === '' ? [] : line.split(' ').map((word) => word.replace('DIR', directory))
  const exit = await run(argv, io)
  return [exit, io.out(), io.err()]
}

describe('usage errors', () => {
  test('are one line on stderr, with a hint', async () => {
    expect(await command('rum')).toEqual([
      2,
      '',
      'error: unknown command rum; did you mean run? (`binance-backfill --help` lists the commands)\n',
    ])
  })

  test('are one object with --json', async () => {
    const [exit, out, err] = await command('run --json --weight-share 2')
    expect([exit, out]).toEqual([2, ''])
    expect(JSON.parse(err)).toEqual({
      kind: 'error',
      code: 'E_USAGE',
      message: '--weight-share: expected a number above 0 and at most 1, such as 0.9, got "2"',
      exit: 2,
    })
  })

  test('are printed with --quiet too', async () => {
    expect((await command('plan --quiet'))[2]).toMatch(/^error: no job/)
  })

  test('cannot forge a terminal', async () => {
    const io = fakeIo()
    await run(['\u001b[2Jevil\u202e'], io)
    expect(io.err()).toContain('unknown command \\u{1b}[2Jevil\\u{202e}')
  })
})

describe('jobs', () => {
  test.each([
    ['run DIR/none.yaml', 'none.yaml: no such file'],
    ['plan DIR/folder.yaml', 'folder.yaml: is a directory; give the job files in it'],
    ['status DIR/none.yaml', 'none.yaml: no such file'],
    ['verify DIR/none.yaml', 'none.yaml: no such file'],
    ['validate DIR/latin1.yaml', 'latin1.yaml: is not UTF-8 text'],
    ['validate DIR/huge.yaml', 'huge.yaml:1:1: '],
    ['run', 'no job: give job files, or --dataset'],
    [
      'run DIR/good.yaml --dataset klines --compression gzip',
      '--dataset cannot stand beside job files',
    ],
    ['plan DIR/good.yaml --from 30d', '--from cannot stand beside job files'],
    ['run --dataset klines', '--symbol'],
    ['run DIR/good.yaml --recheck 2024-02-01..2024-01-01', '--recheck: 2024-02-01 is not before'],
    ['run DIR/good.yaml --recheck yesterday..today', '--recheck: expected a date'],
  ])('%s', async (line, message) => {
    const [exit, out, err] = await command(line)
    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(err.trimEnd().split('\n').at(-1)).toMatch(/^error: /)
  })

  test('all problems of all files are told at once', async () => {
    const [exit, out, err] = await command('validate DIR/bad.yaml DIR/good.yaml DIR/none.yaml')
    expect(exit).toBe(2)
    expect(out).toBe(`ok ${directory}/good.yaml (good)\n`)
    const lines = err.trimEnd().split('\n')
    expect(
      lines.filter((line) => line.startsWith(`${directory}/bad.yaml:`)).length,
    ).toBeGreaterThan(1)
    expect(lines).toContain(`${directory}/none.yaml: no such file`)
    expect(lines.at(-1)).toBe(
      `error: ${lines.length - 1} problems; nothing was done (mend the job files; \`binance-backfill schema\` prints what they may hold)`,
    )
  })

  test('validate --json is one document, good or bad', async () => {
    const [exit, out] = await command('validate --json DIR/good.yaml DIR/none.yaml')
    expect(exit).toBe(2)
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      files: [
        { file: `${directory}/good.yaml`, ok: true, name: 'good', problems: [] },
        { file: `${directory}/none.yaml`, ok: false, problems: [{ message: 'no such file' }] },
      ],
    })
  })

  test('a job of flags is the job of a file that says the same', async () => {
    const flags = {
      dataset: 'klines',
      symbol: ['BTCUSDT'],
      interval: ['1m'],
      from: '2024-01-01',
      to: '2024-02-01',
    }
    const [byFlags] = await jobsFrom([], flags)
    const [byFile] = await jobsFrom([join(directory, 'good.yaml')], {})
    expect(byFlags?.datasets).toEqual(byFile?.datasets)
  })

  test('a job of flags takes no heed of the flags that are not about it', async () => {
    const flags = { dataset: 'klines', symbol: ['BTCUSDT'], interval: ['1m'], from: '2024-01-01' }
    const beside = { 'data-dir': 'x', 'base-url': ['http://127.0.0.1:1'], json: true } as const
    const values = { ...flags, ...beside, 'log-format': 'json' }
    const [job] = await jobsFrom([], values)
    expect(job?.datasets).toEqual((await jobsFrom([], flags))[0]?.datasets)
  })

  test('--compression may stand beside job files', async () => {
    const jobs = await jobsFrom([join(directory, 'good.yaml')], { compression: 'gzip' })
    expect(jobs).toHaveLength(1)
    expect(optionsOf({ compression: 'gzip' }, JOB_FLAGS)).toEqual({ compression: 'gzip' })
  })
})

describe('errors of the library', () => {
  test.each([
    [new BannedError('E_BANNED', 'banned', { hint: 'Wait.' }), 5, 'error: banned (Wait.)'],
    [new LockedError('held by 17'), 6, 'error: held by 17'],
    [new StoppedError('SIGTERM'), 143, 'error: stopped by SIGTERM (Run again to continue.)'],
  ])('%s', async (error, exit, line) => {
    expect(exitOf(error)).toBe(exit)
    expect(describeError(error, false).lines).toEqual([line])
  })

  test('a job error has a line for each problem and carries them in JSON', async () => {
    const place = { file: 'a.yaml', column: 1, path: 'x' }
    const error = new JobError([
      { ...place, line: 1, message: 'one' },
      { ...place, line: 2, message: 'two' },
    ])
    const { lines, document } = describeError(error, false)
    expect(lines.slice(0, 2)).toEqual(['a.yaml:1:1: x: one', 'a.yaml:2:1: x: two'])
    expect(lines[2]).toMatch(/^error: 2 problems; nothing was done/)
    expect(document).toMatchObject({ code: 'E_JOB_INVALID', exit: 2, problems: error.problems })
  })

  test('another error of several lines is still one line', async () => {
    const { lines } = describeError(new LockedError('held\nby 17'), false)
    expect(lines).toEqual(['error: held; by 17'])
  })

  test('anything else is a bug, with its stack only when asked for', async () => {
    const bug = new TypeError('x is not a function')
    expect(describeError(bug, false).lines).toEqual([
      'error: x is not a function (This is a bug; please report it with the output of the same command with --verbose.)',
    ])
    const verbose = describeError(bug, true).lines
    expect(verbose.length).toBeGreaterThan(2)
    expect(verbose.at(-1)).toMatch(/^error: x is not a function/)
    expect(exitOf(bug)).toBe(1)
    expect(exitOf('thrown text')).toBe(1)
    expect(describeError('thrown text', true).document.message).toBe('thrown text')
  })
})

describe('output', () => {
  test('has colour on a terminal only, and not with NO_COLOR', async () => {
    const red = '\u001b[31m'
    const terminal = fakeIo({ isTerminal: true, env: {} })
    const plain = fakeIo({ isTerminal: true, env: { NO_COLOR: '1' } })
    expect((await command('rum', terminal))[2]).toContain(red)
    expect((await command('rum', plain))[2]).not.toContain(red)
    expect((await command('rum'))[2]).not.toContain(red)
  })

  test('--quiet leaves only what --json asks for', async () => {
    expect(await command('validate --quiet DIR/good.yaml')).toEqual([0, '', ''])
    const [, out] = await command('validate --quiet --json DIR/good.yaml')
    expect(JSON.parse(out)).toMatchObject({ ok: true })
  })

  test('schema is a document of JSON Schema', async () => {
    const [exit, out] = await command('schema')
    expect(exit).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'object' })
  })
})

describe('simulated and real rows never mix', () => {
  test('by the marker, and without one by the rows that are there', async () => {
    const lake = await mkdtemp(join(directory, 'lake-'))
    await refuseMix('simulator', lake)
    await markLakeOrigin('simulator', { dataDir: lake })
    await refuseMix('simulator', lake)
    await expect(refuseMix('binance', lake)).rejects.toMatchObject({
      exit: 2,
      hint: 'take another lake with --data-dir DIR',
    })
    // A run against an address of one's own can be either.
    await refuseMix(undefined, lake)

    const unmarked = await mkdtemp(join(directory, 'lake-'))
    await mkdir(join(unmarked, 'spot'))
    await refuseMix('binance', unmarked)
    await expect(refuseMix('simulator', unmarked)).rejects.toThrow('holds real rows')
  })

  test('a directory that cannot be made is a usage error', async () => {
    await expect(
      markLakeOrigin('simulator', { dataDir: join(directory, 'good.yaml') }),
    ).rejects.toMatchObject({
      exit: 2,
    })
  })

  test('run asks before it does anything', async () => {
    const lake = await mkdtemp(join(directory, 'lake-'))
    await markLakeOrigin('simulator', { dataDir: lake })
    const [exit, , err] = await command(`run DIR/good.yaml --data-dir ${lake}`)
    expect(exit).toBe(2)
    expect(err).toContain("holds the simulator's rows")
  })

  test.each([
    [undefined, 'binance'],
    [['https://api.binance.com'], 'binance'],
    [['https://api.binance.com', 'http://127.0.0.1:8080'], undefined],
    [['https://api.binance.com.evil.example'], undefined],
  ])('%s is from %s', (urls, origin) => {
    expect(originOf(urls)).toBe(origin)
  })
})
