/** A plan names the symbols that the exchange does not know, before anything is fetched, and plans the others. */

import { expect, test } from 'vitest'
import { planJobs } from '../../src/backfill/run.ts'
import { RejectedError } from '../../src/base/errors.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { virtualWorld } from '../support/virtual.ts'

const SYMBOLS = [{ symbol: 'BTCUSDT' }, { symbol: 'OLDUSDT', listed: false }]

async function planned(symbols: string): Promise<{
  readonly refused: readonly (readonly [string, boolean, number])[]
  readonly asked: readonly string[]
}> {
  const exchange = new Exchange({ symbols: SYMBOLS })
  const job = parseJob(
    `{version: 1, source: rest, symbols: [${symbols}], from: 2024-01-01, to: 2024-01-02, datasets: [{kind: klines, intervals: [1h, 1m]}]}`,
    'job.yaml',
  )
  const { series } = await planJobs([job], { world: virtualWorld(exchange) })
  return {
    refused: series.map(({ key, problem, tasks }) => [
      key.symbol,
      problem instanceof RejectedError,
      tasks.length,
    ]),
    asked: exchange.log.entries.flatMap(({ path, query }) =>
      path === '/api/v3/klines' ? [new URLSearchParams(query).get('symbol') ?? ''] : [],
    ),
  }
}

test('one that nobody knows has its problem, and nothing to do; one of before still has a history', async () => {
  const { refused, asked } = await planned('NOPEUSDT, OLDUSDT, BTCUSDT')
  expect(refused).toEqual([
    ['NOPEUSDT', true, 0],
    ['NOPEUSDT', true, 0],
    ['OLDUSDT', false, 1],
    ['OLDUSDT', false, 1],
    ['BTCUSDT', false, 1],
    ['BTCUSDT', false, 1],
  ])
  // Those alone that exchangeInfo does not name, once each.
  expect(asked).toEqual(['NOPEUSDT', 'OLDUSDT'])
})

test('alone', async () => {
  expect(await planned('NOPEUSDT')).toEqual({
    refused: [
      ['NOPEUSDT', true, 0],
      ['NOPEUSDT', true, 0],
    ],
    asked: ['NOPEUSDT'],
  })
  expect((await planned('OLDUSDT')).refused).toEqual([
    ['OLDUSDT', false, 1],
    ['OLDUSDT', false, 1],
  ])
})
