import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DATASET_KINDS, NUMBERS } from '../../src/binance/dataset.ts'
import { INTERVALS } from '../../src/binance/interval.ts'
import { PARTITIONS } from '../../src/base/time.ts'
import { completions } from '../../src/cli/complete.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { flagsOf } from '../../src/cli/command.ts'
import { JOB_FLAGS } from '../../src/cli/flags.ts'
import { tempDir } from '../support/lake.ts'

const wordsFor = async (...words: readonly string[]): Promise<readonly string[]> =>
  (await completions(words, {})).map(([word]) => word)

async function lakeDir(): Promise<string> {
  const lake = await tempDir()
  for (const path of [
    'spot/klines/interval=1mo/symbol=BTCUSDT/period=2024',
    'spot/klines/interval=1h/symbol=ETHUSDT',
    'spot/aggTrades/symbol=BTCUSDT',
    'um/klines/interval=1h/symbol=BTCUSDT',
    'cm/basis/interval=5m/symbol=BTCUSD/contract=CURRENT_QUARTER/period=2026-05',
    'cm/basis/interval=5m/symbol=BTCUSD/contract=PERPETUAL/period=2026-05',
    'spot/account=mine/myTrades/symbol=BNBBTC',
    '_runs/2024-03-01T12-34-56-789-1f3a9c2b.json',
  ])
    await mkdir(join(lake, path), { recursive: true })
  return lake
}

describe('what can stand next', () => {
  test('first, a command', async () => {
    expect(await wordsFor('')).toEqual(COMMANDS.map(({ name }) => name))
    expect(await wordsFor('st')).toEqual(['status'])
  })

  test('after it, its own flags', async () => {
    const verify = COMMANDS.find(({ name }) => name === 'verify')!
    expect(await wordsFor('verify', '--')).toEqual(
      Object.keys(flagsOf(verify)).map((name) => `--${name}`),
    )
    expect(await wordsFor('verify', '--sub')).toEqual(['--subset'])
    // A job file is for the shell to find.
    expect(await wordsFor('run', 'jobs/')).toEqual([])
  })

  test.each([
    ['--dataset', 'agg', ['aggTrades']],
    ['--interval', '1', INTERVALS.filter((one) => one.startsWith('1'))],
    ['--source', '', ['auto', 'rest', 'archive']],
    ['--numbers', 'd', ['decimal']],
  ])('after %s, its values', async (flag, begun, expected) => {
    expect(await wordsFor('run', flag, begun)).toEqual(expected)
    expect(await wordsFor('run', `${flag}=${begun}`)).toEqual(
      expected.map((value) => `${flag}=${value}`),
    )
    // As bash splits it.
    expect(await wordsFor('run', flag, '=', begun)).toEqual(expected)
  })

  test('symbols, series and runs are those of the lake', async () => {
    const lake = await lakeDir()
    expect(await wordsFor('run', '--data-dir', lake, '--symbol', '')).toEqual([
      'BTCUSDT',
      'BTCUSD',
      'ETHUSDT',
    ])
    expect(await wordsFor('export', `--data-dir=${lake}`, 'klines/')).toEqual([
      'klines/BTCUSDT/1M',
      'klines/ETHUSDT/1h',
    ])
    expect(await wordsFor('remove', '--data-dir', lake, 'um/')).toEqual(['um/klines/BTCUSDT/1h'])
    expect(await wordsFor('export', '--data-dir', lake, 'cm/')).toEqual([
      'cm/basis/BTCUSD/CURRENT_QUARTER/5m',
      'cm/basis/BTCUSD/PERPETUAL/5m',
    ])
    const env = { BINANCE_BACKFILL_DATA_DIR: lake }
    expect((await completions(['history', '2024'], env)).map(([word]) => word)).toEqual([
      '2024-03-01T12-34-56-789-1f3a9c2b',
    ])
    expect(await wordsFor('export', '--data-dir', join(lake, 'none'), 'klines')).toEqual([])
  })
})

test('the values that are offered are those that the library takes', () => {
  expect([
    JOB_FLAGS.dataset.choices,
    JOB_FLAGS.interval.choices,
    JOB_FLAGS.numbers.choices,
    JOB_FLAGS.partition.choices,
  ]).toEqual([DATASET_KINDS, INTERVALS, NUMBERS, PARTITIONS])
})
