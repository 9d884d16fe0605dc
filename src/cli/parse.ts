/** A command line to a call: yargs splits it, the tables say what each part may be. Loads no library. */

import yargs, { type Argv } from 'yargs'
import { COMMANDS, COMPLETION, flagsOf, type Command } from './commands.ts'
import { FLAGS, FLAG_NAMES, isSwitch, type FlagName, type Values } from './flags.ts'
import { didYouMean, Misuse } from './misuse.ts'
import type { Reader } from './read.ts'

/** What a command line asks for. */
export type Parsed =
  | {
      readonly kind: 'call'
      readonly command: Command
      readonly values: Values
      readonly operands: readonly string[]
    }
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'version' }
  /** yargs has answered the shell, which asked how a line could go on. */
  | { readonly kind: 'completed' }

type Env = Readonly<Record<string, string | undefined>>

const LIST_HINT = '`binance-backfill --help` lists the commands'

/**
 * Parses a command line.
 *
 * @param argv - Without the program and the script.
 * @throws Misuse for an unknown command or flag, a value that cannot be read, flags that exclude each other, and
 * operands where none may be.
 */
export async function parseCommandLine(argv: readonly string[], env: Env): Promise<Parsed> {
  if (argv.some((word) => word.startsWith('--get-yargs-completions'))) {
    await withCompletion(yargsOf(argv)).parseAsync()
    return { kind: 'completed' }
  }
  const words = argv.map((word) => (word === '-h' ? '--help' : word))
  checkFlagNames(words)
  const given = await withHints(yargsOf(words)).parseAsync()
  const [name, ...operands] = given._.map(String)
  const isHelp = given['help'] !== undefined || name === 'help'
  if (given['version'] !== undefined) return { kind: 'version' }
  const wanted = name === 'help' ? operands[0] : name
  if (wanted === undefined) {
    if (isHelp) return { kind: 'help', command: undefined }
    throw new Misuse('no command', LIST_HINT)
  }
  const command = commandOf(wanted)
  if (isHelp) return { kind: 'help', command }
  const values = readValues(command, given, env)
  checkConflicts(values)
  checkOperands(command, operands)
  return { kind: 'call', command, values, operands }
}

/** A yargs that knows all commands with their flags; parses nothing yet, and prints nothing but completions. */
export function yargsOf(argv: readonly string[]): Argv {
  const parser = yargs([...argv])
    .scriptName('binance-backfill')
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    })
  for (const command of COMMANDS) {
    if (command === COMPLETION) continue // yargs' own
    parser.command(command.name, command.describe, (sub) => {
      for (const name of flagsOf(command)) {
        const type = isSwitch(name) ? 'boolean' : 'string'
        sub.option(name, { type, describe: FLAGS[name].describe })
      }
      return sub
    })
  }
  return parser
}

/** With yargs' own command that prints the script, and answers to the shell. */
export function withCompletion(parser: Argv): Argv {
  return parser.completion('completion', COMPLETION.describe)
}

/** So that flags can stand before the command too. Not for completion, which would offer all to each. */
function withHints(parser: Argv): Argv {
  return parser
    .boolean(FLAG_NAMES.filter(isSwitch))
    .string(FLAG_NAMES.filter((name) => !isSwitch(name)))
}

// Before yargs sees them: names such as `__proto__` break it.
function checkFlagNames(words: readonly string[]): void {
  const end = words.indexOf('--')
  const open = end < 0 ? words : words.slice(0, end)
  const command = COMMANDS.find((candidate) => open.includes(candidate.name))
  for (const word of open) {
    const match = /^--?(?![\d.])([^=]+)(?:=(.*))?$/s.exec(word)
    if (match === null) continue
    const [, name = '', value] = match
    const isKnown = word.startsWith('--') && FLAG_NAMES.some((known) => known === name)
    if (!isKnown) {
      const known = command === undefined ? FLAG_NAMES : flagsOf(command)
      const hint = `\`binance-backfill ${command === undefined ? '' : `${command.name} `}--help\` lists the flags`
      // Without its value, which may be a password.
      const [flag = ''] = word.split('=')
      throw new Misuse(`unknown flag ${flag}${didYouMean(name, known, '--')}`, hint)
    }
    const isBad = value !== undefined && isSwitch(name as FlagName) && !/^(true|false)$/.test(value)
    if (isBad) throw new Misuse(`--${name} takes no value, got "${value}"`)
  }
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command !== undefined) return command
  const names = COMMANDS.map((candidate) => candidate.name)
  throw new Misuse(`unknown command ${name}${didYouMean(name, names)}`, LIST_HINT)
}

function readValues(command: Command, given: Readonly<Record<string, unknown>>, env: Env): Values {
  const values: Record<string, unknown> = {}
  const allowed = flagsOf(command)
  for (const name of FLAG_NAMES) {
    const texts = [given[name]].flat().filter((text) => text !== undefined)
    const hint = `\`binance-backfill ${command.name} --help\` lists its flags`
    if (!allowed.includes(name)) {
      if (texts.length > 0) throw new Misuse(`${command.name} takes no --${name}`, hint)
      continue
    }
    const value = texts.length > 0 ? readFlag(name, texts) : readEnv(name, env)
    if (value !== undefined) values[name] = value
  }
  return values
}

type AnyFlag = {
  readonly describe: string
  readonly read?: Reader<unknown>
  readonly many?: Reader<unknown>
}

function readFlag(name: FlagName, texts: readonly unknown[]): unknown {
  if (isSwitch(name)) return texts.at(-1) === true
  const { read, many }: AnyFlag = FLAGS[name]
  const written = `--${name}`
  if (texts.includes('')) throw new Misuse(`${written} needs a value: ${FLAGS[name].value ?? ''}`)
  if (many !== undefined) return splitAll(texts).map((text) => many(text, written))
  if (texts.length > 1) throw new Misuse(`${written} was given ${texts.length} times`)
  return read?.(String(texts[0]), written)
}

function readEnv(name: FlagName, env: Env): unknown {
  const variable = FLAGS[name].env
  const text = variable === undefined ? undefined : env[variable]
  if (variable === undefined || text === undefined || text === '') return undefined
  const { read, many }: AnyFlag = FLAGS[name]
  return many === undefined
    ? read?.(text, variable)
    : splitAll([text]).map((part) => many(part, variable))
}

function splitAll(texts: readonly unknown[]): readonly string[] {
  return texts.flatMap((text) => String(text).split(',')).map((text) => text.trim())
}

function checkConflicts(values: Values): void {
  for (const name of Object.keys(values) as FlagName[]) {
    const other = FLAGS[name].conflicts?.find((rival) => rival in values)
    if (other !== undefined && values[name] !== false && values[other] !== false)
      throw new Misuse(`--${name} and --${other} exclude each other`)
  }
}

function checkOperands({ name, operands: allowed }: Command, operands: readonly string[]): void {
  if (allowed === 'QUERY') {
    if (operands.length === 1) return
    throw new Misuse(
      `${name} takes one query in quotes, got ${operands.length} words`,
      `for example: binance-backfill ${name} "SELECT count(*) FROM klines"`,
    )
  }
  if (allowed === undefined && operands.length > 0)
    throw new Misuse(`${name} takes no arguments, got "${operands.join(' ')}"`)
  if (allowed === 'JOB...' && operands.length === 0)
    throw new Misuse(`${name} needs a job file`, `for example: binance-backfill ${name} job.yaml`)
}
