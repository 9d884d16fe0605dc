import { describe, expect, test } from 'vitest'
import { closest } from '../../src/base/suggest.ts'
import { flagsOf } from '../../src/cli/command.ts'
import { COMMANDS, FLAGS } from '../../src/cli/commands.ts'
import { isSwitch, LAKE_FLAGS, OUTPUT_FLAGS } from '../../src/cli/flags.ts'
import { helpText } from '../../src/cli/help.ts'
import { parseCommandLine, type Parsed } from '../../src/cli/parse.ts'
import '../support/cli-library.ts'

/** Splits a line as a shell would, but for redirections, which belong to the shell. */
function words(line: string): readonly string[] {
  const [command = ''] = line.split(/ >>? /)
  return command.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? []
}

async function call(line: string, env: Record<string, string> = {}): Promise<Parsed> {
  return parseCommandLine(line === '' ? [] : words(line), env)
}

async function values(line: string, env: Record<string, string> = {}): Promise<unknown> {
  const parsed = await call(line, env)
  return parsed.kind === 'call' ? parsed.values : parsed.kind
}

describe('the tables', () => {
  test('flags of one name all take a value or none, and every flag that is excluded exists', () => {
    for (const command of COMMANDS)
      for (const [name, flag] of Object.entries(flagsOf(command))) {
        expect({ name, isSwitch: isSwitch(FLAGS[name]!) }).toEqual({
          name,
          isSwitch: isSwitch(flag),
        })
        for (const rival of flag.conflicts ?? [])
          expect(Object.keys(flagsOf(command))).toContain(rival)
      }
  })

  test('a command declares no flag that it takes anyway', () => {
    for (const { name, flags, takesLake } of COMMANDS)
      expect({ name, own: Object.keys(flags) }).toEqual({
        name,
        own: Object.keys(flags).filter(
          (flag) => !(flag in OUTPUT_FLAGS) && !(takesLake === true && flag in LAKE_FLAGS),
        ),
      })
  })

  test('a flag has a name for its value if and only if it reads one', () => {
    for (const flag of Object.values(FLAGS))
      expect(['read', 'many'].some((key) => key in flag)).toBe(!isSwitch(flag))
  })

  test('the contract: commands, and shared flags of those that touch lake or exchange', () => {
    const shared =
      'data-dir base-url archive-url source weight-share concurrency max-wait wire no-progress quiet verbose json'
    for (const name of ['run', 'plan', 'status', 'verify', 'symbols', 'doctor']) {
      const command = COMMANDS.find((candidate) => candidate.name === name)!
      expect(Object.keys(flagsOf(command))).toEqual(expect.arrayContaining(shared.split(' ')))
    }
    const names = COMMANDS.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['validate', 'schema', 'simulate', 'completion']))
  })
})

describe.each(COMMANDS)('$name', (command) => {
  test.each(command.examples)('the example "$line" parses', async ({ line }) => {
    expect(await call(line)).toMatchObject({ kind: 'call', command: { name: command.name } })
  })

  test('has a help of 80 columns with an example', () => {
    const text = helpText(command)
    expect(text).toContain('\nExamples:\n')
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('values', () => {
  test.each([
    ['run a.yaml', {}],
    ['--json run a.yaml --quiet', { json: true, quiet: true }],
    ['run a.yaml --weight-share 0.5 --max-wait=1.5', { 'weight-share': 0.5, 'max-wait': 1500 }],
    [
      'run a.yaml --base-url http://127.0.0.1:8080/ --base-url https://api.binance.com',
      { 'base-url': ['http://127.0.0.1:8080', 'https://api.binance.com'] },
    ],
    ['run --symbol BTCUSDT,ETHUSDT', { symbol: ['BTCUSDT', 'ETHUSDT'] }],
    [
      'run a.yaml --recheck 2024-01-01..2024-02-01',
      { recheck: { from: 1_704_067_200_000_000n, to: 1_706_745_600_000_000n } },
    ],
    ['verify --subset 2/7', { subset: { index: 2, count: 7 } }],
    ['simulate --port 0 --latency 100', { port: 0, latency: 100 }],
  ])('%s', async (line, expected) => {
    expect(await values(line)).toEqual(expected)
  })

  test('operands stay text, and what follows -- is no flag', async () => {
    expect(await call('run 007 -- -odd.yaml')).toMatchObject({ operands: ['007', '-odd.yaml'] })
  })

  test('flags beat the environment, which beats nothing', async () => {
    const env = {
      BINANCE_BACKFILL_DATA_DIR: '/lake',
      BINANCE_BACKFILL_BASE_URL: 'https://a.example, https://b.example',
      BINANCE_BACKFILL_ARCHIVE_URL: '',
    }
    expect(await values('status', env)).toEqual({
      'data-dir': '/lake',
      'base-url': ['https://a.example', 'https://b.example'],
    })
    expect(await values('status --data-dir x', env)).toMatchObject({ 'data-dir': 'x' })
    // A command that has no lake does not read the variable.
    expect(await values('schema', env)).toEqual({})
  })
})

describe('help and version', () => {
  test.each([
    ['--help', { kind: 'help', command: undefined }],
    ['-h', { kind: 'help', command: undefined }],
    ['help', { kind: 'help', command: undefined }],
    ['run --help', { kind: 'help', command: { name: 'run' } }],
    ['help run', { kind: 'help', command: { name: 'run' } }],
    ['validate -h', { kind: 'help', command: { name: 'validate' } }],
    ['--version', { kind: 'version' }],
  ])('%s', async (line, expected) => {
    expect(await call(line)).toMatchObject(expected)
  })
})

describe('misuse names what is wrong and what was expected', () => {
  test.each([
    ['', 'no command'],
    ['rum', 'unknown command rum; did you mean run?'],
    ['frobnicate', 'unknown command frobnicate'],
    ['run --intervall 1m', 'unknown flag --intervall; did you mean --interval?'],
    ['run --no-json', 'unknown flag --no-json'],
    ['run -x', 'unknown flag -x'],
    ['run -json', 'unknown flag -json; did you mean --json?'],
    ['run --__proto__ 1', 'unknown flag --__proto__'],
    ['run --constructor', 'unknown flag --constructor'],
    ['plan --wait-lock 3', 'plan takes no --wait-lock'],
    ['schema a.yaml', 'schema takes no arguments, got "a.yaml"'],
    ['validate', 'validate needs a job file'],
    ['run --data-dir', '--data-dir needs a value: DIR'],
    ['run --data-dir --json', '--data-dir needs a value: DIR'],
    ['run --data-dir a --data-dir b', '--data-dir was given 2 times'],
    ['run --json=maybe', '--json takes no value, got "maybe"'],
    ['run --quiet --verbose', '--quiet and --verbose exclude each other'],
    [
      'run --weight-share 1.5',
      '--weight-share: expected a number above 0 and at most 1, such as 0.9, got "1.5"',
    ],
    ['run --weight-share 0', '--weight-share: expected'],
    ['run --weight-share NaN', '--weight-share: expected'],
    ['run --weight-share 0x1', '--weight-share: expected'],
    ['run --max-wait -1', '--max-wait: expected a number of seconds, zero or more, got "-1"'],
    ['run --max-wait Infinity', '--max-wait: expected'],
    ['run --concurrency 0', '--concurrency: expected a whole number from 1 to 1000, got "0"'],
    ['run --concurrency 2.5', '--concurrency: expected a whole number'],
    ['run --source ftp', '--source: expected auto, rest or archive, got "ftp"'],
    ['run --wire xml', '--wire: expected json or sbe, got "xml"'],
    ['run --base-url binance', '--base-url: expected a URL such as'],
    ['run --base-url file:///etc/passwd', '--base-url: expected a URL such as'],
    ['run --base-url ftp://x.example', '--base-url: expected a URL such as'],
    ['run --archive-url https://x.example/?a=b', '--archive-url: expected a URL such as'],
    ['run --recheck 2024-01-01', '--recheck: expected FROM..TO'],
    ['verify --subset 5/4', '--subset: expected I/N with 1 <= I <= N, such as 1/4, got "5/4"'],
    ['verify --subset 0/4', '--subset: expected'],
    ['verify --subset 1/2 --rebuild', '--subset and --rebuild exclude each other'],
    ['simulate --port 70000', '--port: expected a whole number from 0 to 65535, got "70000"'],
    ['simulate --limit 0', '--limit: expected a whole number of at least 1, got "0"'],
  ])('%s', async (line, message) => {
    const error = await call(line).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'E_USAGE', exit: 2 })
    expect((error as Error).message).toContain(message)
  })

  test('a password in a URL is refused and not repeated', async () => {
    const line = 'run --base-url https://user:hunter2@api.binance.com'
    const error = (await call(line).catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({ exit: 2 })
    expect(error.message).not.toContain('hunter2')
  })

  test('a variable is named when it is what cannot be read', async () => {
    await expect(values('run', { BINANCE_BACKFILL_BASE_URL: 'nonsense' })).rejects.toThrow(
      'BINANCE_BACKFILL_BASE_URL: expected a URL',
    )
  })
})

test('closest finds a typo, and nothing where there is none', () => {
  expect(closest('statsu', ['status', 'run'])).toBe('status')
  expect(closest('RUN', ['status', 'run'])).toBe('run')
  expect(closest('zzz', ['status', 'run'])).toBeUndefined()
})
