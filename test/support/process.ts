/** The built command between a stand-in and a lake on the disk: watched line by line, and stopped where it is wanted. */

import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { nodeWorld } from '../../src/node/world.ts'
import {
  Exchange,
  type ExchangeOptions,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/index.ts'
import { readFooter } from '../../src/store/parquet/read.ts'
import { verify } from '../../src/verify/verify.ts'
import { finished, startCli, type CliOptions, type CliResult } from '../e2e/support.ts'
import { command } from './command.ts'
import { contents, serve, tempDir } from './lake.ts'
import { attempt, lakeOf, virtualWorld } from './virtual.ts'

/** Four series in eleven partitions, about 70 requests. */
export const PROCESS_JOB = `
version: 1
source: rest
from: 2026-04-28
to: 2026-05-03
datasets:
  - {kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1m]}
  - {kind: aggTrades, symbols: [BTCUSDT, ETHUSDT]}
`

const HISTORY: ExchangeOptions = {
  symbols: [
    { symbol: 'BTCUSDT', aggTradesPerDay: 3_000 },
    {
      symbol: 'ETHUSDT',
      aggTradesPerDay: 2_000,
      outages: [{ from: parseMicros('2026-04-30T20:00'), to: parseMicros('2026-05-01T03:17') }],
    },
  ],
}

/** A stand-in that counts requests as they come. */
export type Watched = {
  readonly simulator: Simulator
  /** Is called with the number of each request, from 1, before it is answered. */
  onRequest: (count: number) => void
}

/** Serves the history of {@link PROCESS_JOB}, for as long as the test lasts. */
export async function serveHistory(
  options: Partial<ExchangeOptions> = {},
  more: SimulatorOptions = {},
): Promise<Watched> {
  const exchange = new Exchange({ ...HISTORY, ...options })
  const watched: Pick<Watched, 'onRequest'> = { onRequest: () => undefined }
  const handle = exchange.handle.bind(exchange)
  let count = 0
  exchange.handle = (request, now) => {
    watched.onRequest(++count)
    return handle(request, now)
  }
  const simulator = await serve({ exchange, ...more })
  return Object.assign(watched, { simulator })
}

/** A lake in a directory, and the job to fill it. */
export type ProcessLake = { readonly dataDir: string; readonly jobFile: string }

/** An empty lake, gone when the test is over. */
export async function processLake(yaml: string = PROCESS_JOB): Promise<ProcessLake> {
  const directory = await tempDir()
  const jobFile = join(directory, 'job.yaml')
  await writeFile(jobFile, yaml)
  return { dataDir: join(directory, 'lake'), jobFile }
}

let calm: Promise<Readonly<Record<string, string>>> | undefined

/** The hashes of a lake with which nothing went wrong, as {@link contents} has them. */
export function calmContents(): Promise<Readonly<Record<string, string>>> {
  calm ??= runCalmly()
  return calm
}

async function runCalmly(): Promise<Readonly<Record<string, string>>> {
  const world = virtualWorld(new Exchange(HISTORY))
  const { exit } = await attempt(PROCESS_JOB, { world })
  expect(exit).toBe(0)
  const hashes = Object.entries(await lakeOf(world.files)).map(([path, bytes]) => [
    path,
    createHash('sha256').update(bytes).digest('hex'),
  ])
  return Object.fromEntries(hashes) as Record<string, string>
}

const ignore: (line: Line) => void = () => undefined

/** One line of `run --json`, or of `worker --json`. */
export type Line = { readonly kind: string; readonly [key: string]: unknown }

/** A running command that tells all in lines of JSON. */
export type Running = {
  readonly child: ChildProcess
  /** Is called with each line of stdout. */
  onLine: (line: Line) => void
  /** Resolves with the first line, from now on, that `isIt`; rejects when the process ends before. */
  line(isIt: (line: Line) => boolean): Promise<Line>
  readonly done: Promise<CliResult>
}

/** Starts `run --json` on a lake. It is killed, at the latest, when the test is over. */
export function startRun(
  { dataDir, jobFile }: ProcessLake,
  { simulator }: Watched,
  { args = [], ...options }: CliOptions & { readonly args?: readonly string[] } = {},
): Running {
  const at = ['--data-dir', dataDir, '--base-url', simulator.url]
  return startLines(['run', jobFile, ...at, ...args], options)
}

/** Starts a command with `--json`. It is killed, at the latest, when the test is over. */
export function startLines(args: readonly string[], options: CliOptions = {}): Running {
  const child = startCli([...args, '--json'], options)
  onTestFinished(() => void child.kill('SIGKILL'))
  const waiting = new Set<{ isIt: (line: Line) => boolean; found: (line: Line) => void }>()
  const running = {
    child,
    onLine: ignore,
    line: (isIt: (line: Line) => boolean) =>
      new Promise<Line>((resolve, reject) => {
        waiting.add({ isIt, found: resolve })
        void done.then(({ exit, stderr }) => {
          reject(new Error(`it ended with ${exit} before: ${stderr}`))
        })
      }),
    done: finished(child),
  }
  const { done } = running
  createInterface({ input: child.stdout! }).on('line', (text) => {
    const line = JSON.parse(text) as Line
    running.onLine(line)
    for (const one of waiting)
      if (one.isIt(line)) {
        waiting.delete(one)
        one.found(line)
      }
  })
  return running
}

/** Runs to the end without a disturbance, in this process: all that matters is what it makes of the lake. */
export function goOn(
  { dataDir, jobFile }: ProcessLake,
  { simulator }: Watched,
): Promise<CliResult> {
  return command(['run', jobFile, '--json', '--data-dir', dataDir, '--base-url', simulator.url])
}

/** Everything that must hold of a lake whose process is gone, however it went. */
export async function expectSoundLake(dataDir: string, about: string): Promise<void> {
  const files = nodeFiles(dataDir)
  for (const path of Object.keys(await contents(dataDir).catch(() => ({})))) {
    if (!path.endsWith('.parquet')) continue
    const file = await files.open(path)
    if (file === undefined) throw new Error(`${about}: ${path} is gone`)
    expect((await readFooter(file)).rows, `${about}: ${path}`).toBeGreaterThan(0)
    await file.close()
  }
  const world = nodeWorld({ files: nodeFiles(dataDir) })
  for await (const step of verify([], { world })) {
    if (step.kind !== 'finding' || step.finding.severity !== 'damage') continue
    // The first file of a series was published and the manifest was not: the next run writes it.
    if (step.finding.code !== 'manifest-missing')
      throw new Error(`${about}: ${JSON.stringify(step.finding)}`)
  }
  await world.http.close()
}
