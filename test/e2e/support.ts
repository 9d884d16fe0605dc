/** Runs the built command as a child process, as a user would. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/** Where `npm run build` puts the program; `CLI_DIST` names another directory. */
const DIST = process.env['CLI_DIST'] ?? join(import.meta.dirname, '..', '..', 'dist')

/** The script that the `bin` entry names. */
export const MAIN: string = join(DIST, 'cli', 'main.js')

/** What a finished command left behind. */
export type CliResult = {
  /** The exit code, or 128 and the signal's number as a shell has it. */
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** How to start it. */
export type CliOptions = {
  /** On top of an environment of PATH and HOME alone. */
  readonly env?: Readonly<Record<string, string>>
  /** Written to stdin, which is then closed. */
  readonly input?: string
  readonly cwd?: string
  /** A command with its arguments that starts another one, e.g. `unshare`. */
  readonly through?: readonly string[]
}

/** Starts the command without waiting for its end. */
export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build\` first`)
  const { PATH = '', HOME = '', BINANCE_BACKFILL_STATE_DIR = '' } = process.env
  const [command = '', ...rest] = [...(options.through ?? []), process.execPath, MAIN, ...args]
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { PATH, HOME, BINANCE_BACKFILL_STATE_DIR, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(options.input ?? '')
  return child
}

/** Runs the command to its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  return finished(startCli(args, options))
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

/** Waits for the end of a command that {@link startCli} started. */
export async function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { exit: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), stdout, stderr }
}

/** The objects of `run --json`, a line each. */
export function jsonLines({ stdout }: CliResult): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A directory of its own for a lake; nothing is in it yet, and it is not there yet. */
export async function newLakeDir(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'backfill-e2e-')), 'lake')
}

/** The error that a command ended with, from the last line of stderr. */
export function errorOf({ stderr }: CliResult): Record<string, unknown> {
  return JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
}

/** Every file of a directory by its path, with its bytes in hex; empty when there is none. */
export async function filesOf(directory: string): Promise<ReadonlyMap<string, string>> {
  if (!existsSync(directory)) return new Map()
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const read = files.map(
    async (file) => [relative(directory, file), (await readFile(file)).toString('hex')] as const,
  )
  return new Map((await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1)))
}
