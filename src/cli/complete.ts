/** What can stand next on a command line that is being typed. Reads names of directories alone, so that it is quick. */

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { flagsOf, type Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { isSwitch, type Flag } from './flags.ts'
import { SHELLS } from './shells.ts'

/** One continuation, and what it is for. */
export type Completion = readonly [word: string, describe: string]

type Env = Readonly<Record<string, string | undefined>>

/**
 * The words that can stand in the place of the last of `words`, which may be empty or begun; none where files can.
 *
 * @param words - Of the line, without the program.
 */
export async function completions(words: readonly string[], env: Env): Promise<Completion[]> {
  // bash splits `--flag=value` at its sign.
  const whole = words.filter((word, at) => word !== '=' || at === 0)
  const last = words.at(-1) === '=' ? '' : (whole.at(-1) ?? '')
  const before = words.at(-1) === '=' ? whole : whole.slice(0, -1)
  const [flagName, begun] = splitFlag(last)
  const found = await candidates(before, flagName, env)
  const joint = flagName === undefined ? '' : `--${flagName}=`
  return found
    .filter(([word]) => word.startsWith(begun))
    .map(([word, describe]) => [`${joint}${word}`, describe])
}

/** `--flag=value` as one word. */
function splitFlag(word: string): readonly [flag: string | undefined, begun: string] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at < 0 ? [undefined, word] : [word.slice(2, at), word.slice(at + 1)]
}

async function candidates(
  before: readonly string[],
  joined: string | undefined,
  env: Env,
): Promise<readonly Completion[]> {
  const command = COMMANDS.find(({ name }) => before.includes(name))
  const asked = joined ?? flagAsked(before, command)
  const dataDir = valueOf('data-dir', before) ?? env['BINANCE_BACKFILL_DATA_DIR'] ?? 'data'
  if (asked !== undefined) return valuesOf(asked, command, dataDir)
  if (command === undefined)
    return COMMANDS.map(({ name, describe }): Completion => [name, describe])
  const flags = Object.entries(flagsOf(command)).map(([name, { describe }]): Completion => [
    `--${name}`,
    describe,
  ])
  return [...flags, ...(await operandsOf(command, dataDir))]
}

/** The flag whose value comes next. */
function flagAsked(before: readonly string[], command: Command | undefined): string | undefined {
  const word = before.at(-1) ?? ''
  if (!word.startsWith('--') || word.includes('=')) return undefined
  const flag = flagNamed(word.slice(2), command)
  return flag === undefined || isSwitch(flag) ? undefined : word.slice(2)
}

function flagNamed(name: string, command: Command | undefined): Flag | undefined {
  const commands = command === undefined ? COMMANDS : [command]
  return commands.map((one) => flagsOf(one)[name]).find((flag) => flag !== undefined)
}

function valueOf(name: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(`--${name}`)
  const joined = words.find((word) => word.startsWith(`--${name}=`))
  return at >= 0 ? words[at + 1] : joined?.slice(name.length + 3)
}

async function valuesOf(
  name: string,
  command: Command | undefined,
  dataDir: string,
): Promise<readonly Completion[]> {
  const flag = flagNamed(name, command)
  if (name === 'symbol') {
    const symbols = new Set((await seriesIn(dataDir)).map(({ symbol }) => symbol))
    return [...symbols].map((symbol): Completion => [symbol, 'in the lake'])
  }
  return (flag?.choices ?? []).map((choice): Completion => [choice, flag?.describe ?? ''])
}

async function operandsOf({ operands }: Command, dataDir: string): Promise<readonly Completion[]> {
  if (operands === 'SERIES')
    return (await seriesIn(dataDir)).map(({ name }): Completion => [name, 'in the lake'])
  if (operands === '[SHELL]') return SHELLS.map((shell): Completion => [shell, ''])
  if (operands !== '[RUN]') return []
  const runs = await namesIn(join(dataDir, '_runs'))
  return runs.map((name): Completion => [name.replace(/\.json$/, ''), 'a run']).reverse()
}

type Named = { readonly name: string; readonly symbol: string }

/** The series of the market data in a lake, by the names of its directories. */
async function seriesIn(dataDir: string): Promise<readonly Named[]> {
  const found: Named[] = []
  const walk = async (path: string, parts: readonly string[]): Promise<void> => {
    for (const name of await namesIn(path)) {
      const symbol = /^symbol=(.+)$/.exec(name)?.[1]
      if (symbol !== undefined)
        for (const contract of await contractsIn(join(path, name)))
          found.push(nameOf(parts, unescaped(symbol), contract))
      else if (parts.length < 3 && !/^[._]|^(?:account|period)=/.test(name))
        await walk(join(path, name), [...parts, name])
    }
  }
  await walk(dataDir, [])
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A symbol that is a pair may have a series for each type of contract. */
async function contractsIn(path: string): Promise<readonly (string | undefined)[]> {
  const names = await namesIn(path)
  const contracts = names.flatMap((name) => /^contract=(.+)$/.exec(name)?.[1] ?? [])
  return contracts.length > 0 ? contracts : [undefined]
}

function nameOf(
  [market = '', dataset = '', interval]: readonly string[],
  symbol: string,
  contract: string | undefined,
): Named {
  const length =
    interval === undefined ? [] : [interval.replace('interval=', '').replace('1mo', '1M')]
  const place = market === 'spot' ? [] : [market]
  const type = contract === undefined ? [] : [contract]
  return { name: [...place, dataset, symbol, ...type, ...length].join('/'), symbol }
}

/** Hive's escapes are those of URLs. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The names in a directory that a shell can be shown; none where there is none, or it may not be read. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).filter((name) => !/[\p{C}\s]/u.test(name)).sort()
  } catch {
    return []
  }
}

/** Answers a shell: a word and what it is for, separated by a tab, on each line. */
export async function answerShell(
  words: readonly string[],
  env: Env,
  write: (text: string) => unknown,
): Promise<number> {
  const found = await completions(words, env)
  write(found.map(([word, describe]) => `${word}\t${describe}\n`).join(''))
  return 0
}
