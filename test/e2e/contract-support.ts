/** What the walk through the public contract shares: an exchange on a socket, and one small job against it. */

import { onTestFinished } from 'vitest'
import { parseMicros, type Micros } from '../../src/base/time.ts'
import {
  startSimulator,
  type ExchangeOptions,
  type Simulator,
  type SymbolOptions,
} from '../../src/simulator/index.ts'
import { command } from '../support/command.ts'
import { newLakeDir, runCli, type CliOptions, type CliResult } from './support.ts'

/** The exchange's clock stands still here, so that every run sees the same now. */
export const NOW: Micros = parseMicros('2024-06-15T12:00:30')

const LISTED = parseMicros('2023-01-01')

/** Symbols of {@link serve}. */
export const SYMBOLS: readonly SymbolOptions[] = [
  { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', listedAt: LISTED },
  { symbol: 'ETHUSDT', baseAsset: 'ETH', quoteAsset: 'USDT', listedAt: LISTED },
  { symbol: 'ETHBTC', baseAsset: 'ETH', quoteAsset: 'BTC', listedAt: LISTED },
  { symbol: 'OLDUSDT', baseAsset: 'OLD', quoteAsset: 'USDT', status: 'BREAK', listedAt: LISTED },
  { symbol: '币安人生USDT', baseAsset: '币安人生', quoteAsset: 'USDT', listedAt: LISTED },
]

/** Serves an exchange until the test is over. `now` moves its clock. */
export async function serve(
  options: Partial<ExchangeOptions> = {},
  more: { readonly latencyMs?: number; readonly now?: () => Micros } = {},
): Promise<Simulator> {
  const { latencyMs = 0, now = () => NOW } = more
  // Nothing here waits by this clock but the latency, which is not under test.
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const simulator = await startSimulator({
    exchange: { symbols: SYMBOLS, ...options },
    clock: { now, sleep },
    latencyMs,
  })
  onTestFinished(() => simulator.close())
  return simulator
}

/** Flags of a job of klines: BTCUSDT, 1h, two days. */
export const KLINES: readonly string[] = klines('BTCUSDT', '2024-01-01', '2024-01-03')

/** Flags of a job of klines of 1h. */
export function klines(symbol: string, from: string, to: string): readonly string[] {
  return ['--dataset', 'klines', '--interval', '1h', '--symbol', symbol, '--from', from, '--to', to]
}

/** A lake of its own, and a way to call commands on it. */
export type Bench = {
  readonly dataDir: string
  readonly at: readonly string[]
  readonly call: (args: readonly string[], options?: CliOptions) => Promise<CliResult>
}

/** A new lake that is filled from these hosts. */
export async function bench(...urls: readonly string[]): Promise<Bench> {
  const dataDir = await newLakeDir()
  const at = ['--data-dir', dataDir, ...urls.flatMap((url) => ['--base-url', url])]
  return { dataDir, at, call: (args, options) => callCli([...args, ...at], options) }
}

/** A command in a process of its own where it needs an environment or a directory of its own, else in this one. */
export function callCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env, cwd, through, input = '' } = options
  const isAlone = env !== undefined || cwd !== undefined || through !== undefined
  return isAlone ? runCli(args, options) : command(args, { input })
}

/** The requests for rows that an exchange saw. */
export function dataRequests({ log }: Simulator): number {
  const spared = /^\/api\/v3\/(time|exchangeInfo|ping)$/
  return log.entries.filter(({ path }) => !spared.test(path)).length
}
