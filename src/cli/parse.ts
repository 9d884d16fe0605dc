/** A command line to a call: yargs splits it, the tables say what each part may be. Loads no library. */

import type { Argv } from 'yargs'
import { flagsOf, type Command } from './command.ts'
import { COMMANDS, FLAGS } from './commands.ts'
import { Misuse, suggested } from './failure.ts'
import { isSwitch, type Flag, type Flags, type ValuesOf } from './flags.ts'
import { loadLibrary } from './library.ts'

/** What a command line asks for. */
export type Parsed =
  | {
      readonly kind: 'call'
      readonly command: Command
      readonly values: ValuesOf<Flags>
      readonly operands: readonly string[]
    }
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'version' }

type Env = Readonly<Record<string, string | undefined>>

const DRY_RUN_HINT = '`binance-backfill plan` prints what run would do, and writes nothing'
const SYMBOLS_HINT = 'use --base BTC, --quote USDT or --match "BTC*"'
const LIST_HINT = '`binance-backfill --help` lists the commands'

/**
 * Parses a command line.
 *
 * @param argv - Without the program and the script.
 * @throws Misuse for an unknown command or flag, a value that cannot be read, flags that exclude each other, and
 * operands where none may be.
 */
export async function parseCommandLine(argv: readonly string[], env: Env): Promise<Parsed> {
  const words = argv.map((word) => (word === '-h' ? '--help' : word))
  const help = plainHelp(words)
  if (help !== undefined) return help
  const { yargsOf } = await import('./yargs.ts')
  await checkFlagNames(words)
  const given = await withHints(yargsOf(COMMANDS, words)).parseAsync()
  const [name, ...operands] = given._.map(String)
  const isHelp = given['help'] !== undefined || name === 'help'
  if (given['version'] !== undefined) return { kind: 'version' }
  const wanted = name === 'help' ? operands[0] : name
  if (wanted === undefined) {
    if (isHelp) return { kind: 'help', command: undefined }
    throw new Misuse('no command', LIST_HINT)
  }
  const command = await commandOf(wanted)
  if (isHelp) return { kind: 'help', command }
  // Values are read by the library, whose words and limits they have.
  await loadLibrary()
  const values = readValues(command, given, env)
  checkConflicts(values, flagsOf(command))
  checkOperands(command, operands)
  return { kind: 'call', command, values, operands }
}

/** `--help`, alone or beside a command: nothing to be split. */
function plainHelp(words: readonly string[]): Parsed | undefined {
  const [name, ...others] = words.filter((word) => word !== '--help')
  if (others.length > 0 || !words.includes('--help')) return undefined
  const command = COMMANDS.find((one) => one.name === name)
  return name === undefined || command !== undefined ? { kind: 'help', command } : undefined
}

/** So that flags can stand before the command too. */
function withHints(parser: Argv): Argv {
  const names = Object.keys(FLAGS)
  return parser
    .boolean(names.filter(isSwitchName))
    .string(names.filter((name) => !isSwitchName(name)))
}

function isSwitchName(name: string): boolean {
  const flag = FLAGS[name]
  return flag !== undefined && isSwitch(flag)
}

// Before yargs sees them: names such as `__proto__` break it.
async function checkFlagNames(words: readonly string[]): Promise<void> {
  const end = words.indexOf('--')
  const open = end < 0 ? words : words.slice(0, end)
  const command = COMMANDS.find((candidate) => open.includes(candidate.name))
  for (const word of open) {
    const match = /^--?(?![\d.])([^=]+)(?:=(.*))?$/s.exec(word)
    if (match === null) continue
    const [, name = '', value] = match
    if (!word.startsWith('--') || !Object.hasOwn(FLAGS, name)) {
      const known = Object.keys(command === undefined ? FLAGS : flagsOf(command))
      const hint = `\`binance-backfill ${command === undefined ? '' : `${command.name} `}--help\` lists the flags`
      // Without its value, which may be a password.
      const [flag = ''] = word.split('=')
      await loadLibrary()
      if (name === 'dry-run') throw new Misuse('there is no --dry-run', DRY_RUN_HINT)
      throw new Misuse(`unknown flag ${flag}${suggested(name, known, '--')}`, hint)
    }
    const isBad = value !== undefined && isSwitchName(name) && !/^(true|false)$/.test(value)
    if (isBad) throw new Misuse(`--${name} takes no value, got "${value}"`)
  }
}

async function commandOf(name: string): Promise<Command> {
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command !== undefined) return command
  await loadLibrary()
  const names = COMMANDS.map((candidate) => candidate.name)
  throw new Misuse(`unknown command ${name}${suggested(name, names)}`, LIST_HINT)
}

function readValues(
  command: Command,
  given: Readonly<Record<string, unknown>>,
  env: Env,
): ValuesOf<Flags> {
  const values: Record<string, unknown> = {}
  const allowed = flagsOf(command)
  const hint = `\`binance-backfill ${command.name} --help\` lists its flags`
  for (const name of Object.keys(FLAGS)) {
    const flag = allowed[name]
    const texts = [given[name]].flat().filter((text) => text !== undefined)
    if (flag === undefined) {
      if (texts.length > 0) throw new Misuse(`${command.name} takes no --${name}`, hint)
      continue
    }
    const value = texts.length > 0 ? readFlag(name, flag, texts) : readEnv(flag, env)
    if (value !== undefined) values[name] = value
  }
  return values
}

function readFlag(name: string, flag: Flag, texts: readonly unknown[]): unknown {
  if (isSwitch(flag)) return texts.at(-1) === true
  const { read, many, value = '' } = flag
  const written = `--${name}`
  if (texts.includes('')) throw new Misuse(`${written} needs a value: ${value}`)
  if (many !== undefined) return splitAll(texts).map((text) => many(text, written))
  if (texts.length > 1) throw new Misuse(`${written} was given ${texts.length} times`)
  return read?.(String(texts[0]), written)
}

function readEnv({ env: variable, read, many }: Flag, env: Env): unknown {
  const text = variable === undefined ? undefined : env[variable]
  if (variable === undefined || text === undefined || text === '') return undefined
  return many === undefined
    ? read?.(text, variable)
    : splitAll([text]).map((part) => many(part, variable))
}

function splitAll(texts: readonly unknown[]): readonly string[] {
  return texts.flatMap((text) => String(text).split(',')).map((text) => text.trim())
}

function checkConflicts(values: ValuesOf<Flags>, flags: Flags): void {
  for (const name of Object.keys(values)) {
    const other = flags[name]?.conflicts?.find((rival) => rival in values)
    if (other !== undefined && values[name] !== false && values[other] !== false)
      throw new Misuse(`--${name} and --${other} exclude each other`)
  }
}

function checkOperands({ name, operands: allowed }: Command, operands: readonly string[]): void {
  if (allowed === '[QUERY]' && operands.length > 1)
    throw new Misuse(
      `${name} takes one query in quotes, got ${operands.length} words`,
      `for example: binance-backfill ${name} "SELECT count(*) FROM klines"`,
    )
  if (allowed === 'SERIES' && operands.length !== 1)
    throw new Misuse(
      `${name} takes one series, got ${operands.length}`,
      `for example: binance-backfill ${name} klines/BTCUSDT/1h; \`binance-backfill status\` lists them`,
    )
  if (allowed === '[FILE]' && operands.length > 1)
    throw new Misuse(`${name} takes one file, got ${operands.length}`)
  if (allowed === '[RUN]' && operands.length > 1)
    throw new Misuse(`${name} shows one run, got ${operands.length}`)
  if (allowed === undefined && operands.length > 0)
    throw new Misuse(
      `${name} takes no arguments, got "${operands.join(' ')}"`,
      name === 'symbols' ? SYMBOLS_HINT : undefined,
    )
  if (allowed === 'JOB...' && operands.length === 0)
    throw new Misuse(`${name} needs a job file`, `for example: binance-backfill ${name} job.yaml`)
}
