/** The law of a walk that fails: what it yielded is proven, nothing of it is asked again, and the rest follows. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import { micros } from '../../src/base/time.ts'
import { walkKlines } from '../../src/walk/klines.ts'
import type { AskPage } from '../../src/walk/walk.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { klineAt, klines, minute, window } from '../support/histories.ts'
import { asker, keysOf, SETTLED } from '../support/walks.ts'
import type { Step } from '../../src/rows/step.ts'

const RUNS = Number(process.env['WALK_RUNS'] ?? 250)
const NOW = minute(24 * 60)
const KEY = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const

/** Asks until the network is gone, `count` requests from now. */
function untilLost(ask: AskPage, count: number): AskPage {
  let left = count
  return async (...args) => {
    if (left-- <= 0) throw new TransportError('gone')
    return ask(...args)
  }
}

/** What came before the failure, if there was one. */
async function stepsOf(walk: AsyncIterable<Step>): Promise<{ steps: Step[]; error: unknown }> {
  const steps: Step[] = []
  try {
    for await (const step of walk) steps.push(step)
  } catch (error) {
    return { steps, error }
  }
  return { steps, error: undefined }
}

async function* again(steps: readonly Step[]): AsyncGenerator<Step> {
  yield* steps
}

test('klines: what was yielded before a failure, and then the rest, is the walk without one', async () => {
  const bothTimes = fc.constantFrom('first' as const, 'last' as const)
  const caps = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 30 }))
  const lostAfter = fc.integer({ min: 0, max: 40 })
  let failures = 0
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(klines, window, bothTimes),
      caps,
      lostAfter,
      async ([rows, wanted, order], [pageRows, more], count) => {
        const options: ExchangeOptions = {
          symbols: [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } } }],
          pageRows,
          limits: { rules: [] },
          bothTimes: order,
        }
        const { ask } = asker(new Exchange(options), KEY, NOW)
        const how = {
          limit: pageRows + more,
          readAhead: 4,
          hasRowsBefore: false,
          otherEvidence: SETTLED,
        }
        const whole = await keysOf(walkKlines(wanted, '1m', ask, how))

        const { steps, error } = await stepsOf(walkKlines(wanted, '1m', untilLost(ask, count), how))
        failures += error === undefined ? 0 : 1
        const reached = steps.at(-1)?.reached ?? wanted.from
        const before = (await keysOf(again(steps))).keys
        expect(before).toEqual(whole.keys.filter((key) => key < reached))
        for (const { gaps, reached: at } of steps)
          for (const { to } of gaps) expect(to).toBeLessThanOrEqual(at)
        if (error === undefined) return
        const rest = { from: micros(reached), to: wanted.to }
        const after = await keysOf(walkKlines(rest, '1m', ask, how))
        expect([...before, ...after.keys]).toEqual(whole.keys)
      },
    ),
    { numRuns: RUNS },
  )
  expect(failures).toBeGreaterThan(RUNS / 5)
})

test('regression: pages that were answered before a failure are kept, also where a chunk takes many', async () => {
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], pageRows: 100 })
  const from = micros(1_700_000_040_000_000n)
  const wanted = { from, to: micros(from + 1_000n * 60_000_000n) }
  const { ask } = asker(exchange, KEY, micros(wanted.to + 86_400_000_000n))
  const { steps, error } = await stepsOf(
    walkKlines(wanted, '1m', untilLost(ask, 6), {
      limit: 1_000,
      readAhead: 8,
      hasRowsBefore: true,
      otherEvidence: SETTLED,
    }),
  )
  expect(error).toBeInstanceOf(TransportError)
  // All but the last slot, of which more may follow.
  expect((await keysOf(again(steps))).keys).toHaveLength(599)
  expect(steps.at(-1)?.reached).toBe(micros(from + 599n * 60_000_000n))
})

test.each([0, 1])(
  'regression: of two servers in turn one has no klines (the %i. first): all come, or it ends',
  async (turn) => {
    const rows = Array.from({ length: 10 }, (_, index) => klineAt(minute(index)))
    const symbols = [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } } }]
    const { ask: whole } = asker(new Exchange({ symbols, limits: { rules: [] } }), KEY, NOW)
    const { ask: none } = asker(
      new Exchange({
        symbols: [{ ...symbols[0]!, rows: { klines: { '1m': [] } } }],
        limits: { rules: [] },
      }),
      KEY,
      NOW,
    )
    let requests = turn
    const ask: AskPage = (...args) => (requests++ % 2 === 0 ? none : whole)(...args)
    const options = { limit: 1_000, readAhead: 1, hasRowsBefore: true, otherEvidence: SETTLED }
    const { keys } = await keysOf(
      walkKlines({ from: minute(0), to: minute(10) }, '1m', ask, options),
    )
    expect(keys).toEqual(rows.map(({ openTime }) => openTime))
    expect(requests).toBeLessThan(20)
  },
)
