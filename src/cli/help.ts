/** The help, made from the tables, for 80 columns. */

import { flagsOf, type Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { EXIT_CODES } from './failure.ts'
import { isSwitch, LAKE_FLAGS, type Flag } from './flags.ts'

const WIDTH = 80
const LEFT = 25

/** The help of one command, or of the program. */
export function helpText(command?: Command): string {
  return `${(command === undefined ? programHelp() : commandHelp(command)).join('\n')}\n`
}

function programHelp(): readonly string[] {
  return [
    'binance-backfill COMMAND [FLAGS]',
    '',
    ...wrap("Binance's market history as complete, proven, deduplicated Parquet partitions."),
    '',
    'Commands:',
    ...COMMANDS.flatMap(({ name, describe }) => entry(name, describe)),
    '',
    'Exit codes:',
    ...EXIT_CODES.flatMap(([code, meaning]) => entry(code, meaning)),
    '',
    'binance-backfill COMMAND --help prints the flags of a command, with examples.',
  ]
}

function commandHelp(command: Command): readonly string[] {
  const { name, operands, long, examples } = command
  const flags = Object.entries(flagsOf(command))
  const isOfLake = ([flag]: readonly [string, Flag]): boolean =>
    command.takesLake === true && flag in LAKE_FLAGS
  return [
    ['binance-backfill', name, operands, '[FLAGS]'].filter((word) => word !== undefined).join(' '),
    ...long.flatMap((paragraph) => ['', ...wrap(paragraph)]),
    ...section('Flags:', flags.filter((flag) => !isOfLake(flag)).flatMap(flagEntry)),
    ...section('Lake and exchange:', flags.filter(isOfLake).flatMap(flagEntry)),
    ...section(
      'Examples:',
      examples.flatMap(({ line, does }) => [
        ...wrap(`# ${does}`, '  '),
        ...wrapShell(`binance-backfill ${line}`),
      ]),
    ),
  ]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines]
}

function flagEntry([name, flag]: readonly [string, Flag]): readonly string[] {
  const { describe, value, default: preset, env } = flag
  const notes = [
    preset === undefined ? undefined : `default: ${preset}`,
    env === undefined ? undefined : `env: ${env}`,
  ].filter((note) => note !== undefined)
  const left = isSwitch(flag) ? `--${name}` : `--${name} ${value ?? ''}`
  return entry(left, notes.length === 0 ? describe : `${describe} (${notes.join('; ')})`)
}

function entry(left: string, right: string): readonly string[] {
  const indent = ' '.repeat(LEFT)
  const [first = '', ...rest] = wrap(right, indent)
  const label = `  ${left}`
  return label.length < LEFT - 1
    ? [label.padEnd(LEFT) + first.slice(LEFT), ...rest]
    : [label, first, ...rest]
}

/** Breaks at spaces. */
function wrap(text: string, indent = ''): readonly string[] {
  return fill(text.split(' '), indent, '', indent)
}

/** Breaks before flags, so that a flag stays with its value, as a shell can read it. */
function wrapShell(line: string): readonly string[] {
  return fill(line.split(/ (?=--)/), '  ', ' \\', '    ')
}

/** Fills lines with `parts`; `glue` ends each line that goes on, and `hanging` begins the lines after the first. */
function fill(
  parts: readonly string[],
  indent: string,
  glue: string,
  hanging: string,
): readonly string[] {
  const [first = '', ...rest] = parts
  const lines: string[] = []
  let line = indent + first
  for (const part of rest) {
    const next = `${line} ${part}`
    if (next.length <= WIDTH - glue.length) {
      line = next
      continue
    }
    lines.push(line + glue)
    line = hanging + part
  }
  return [...lines, line]
}
