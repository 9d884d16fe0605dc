/** A run that is asked to stop keeps what had arrived whole, whatever the wish is called. */

import { describe, expect, it } from 'vitest'
import { backfill } from '../../src/backfill/run.ts'
import { StoppedError } from '../../src/base/errors.ts'
import { printerOf } from '../../src/cli/print.ts'
import { runJobs } from '../../src/cli/running.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { fakeIo } from '../support/terminal.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'
import '../support/cli-library.ts'

const JOB = `
version: 1
source: rest
from: 2026-03-01
to: 2026-03-04
datasets: [{kind: klines, symbols: [BTCUSDT], intervals: [1m]}]
`
const HOUR_ROWS = 60

it.each([
  ['SIGHUP', new StoppedError('SIGHUP')],
  ['an abort that gives no reason', undefined],
  ['an abort with an error of the caller', new Error('the window was closed')],
])('%s', async (_, reason) => {
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
  const world = virtualWorld(exchange, { latencyMs: 50 })
  const controller = new AbortController()
  let stored = 0
  const stopped = async (): Promise<void> => {
    const options = { world, signal: controller.signal, concurrency: 1 }
    for await (const event of backfill([parseJob(JOB, 'job.yaml')], options)) {
      if (event.kind === 'rows') controller.abort(reason)
      if (event.kind === 'summary') stored = event.rows
    }
  }
  const error: unknown = await stopped().catch((thrown: unknown) => thrown)
  expect(error).toBe(controller.signal.reason)
  expect(stored).toBeGreaterThan(HOUR_ROWS)
  const again = await attempt(JOB, { world })
  expect(again).toMatchObject({ exit: 0, summary: { rows: 3 * 24 * HOUR_ROWS - stored } })
  const calm = virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }))
  await attempt(JOB, { world: calm })
  expect(await lakeOf(world.files)).toEqual(await lakeOf(calm.files))
})

it.each([1, 2, 3, 4])(
  'a caller who leaves the loop after event %i hears of no failure',
  async (last) => {
    const world = virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }), {
      latencyMs: 50,
    })
    let seen = 0
    const left = async (): Promise<void> => {
      for await (const event of backfill([parseJob(JOB, 'job.yaml')], { world, concurrency: 1 }))
        if (++seen === last || event.kind === 'summary') break
    }
    await expect(left()).resolves.toBeUndefined()
    expect(await attempt(JOB, { world })).toMatchObject({ exit: 0 })
  },
)

describe('nobody reads stdout any more', () => {
  async function leave(after: () => void): Promise<number> {
    const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
    const world = virtualWorld(exchange, { latencyMs: 50 })
    const gone = new AbortController()
    const io = { ...fakeIo(), gone: gone.signal }
    const values = { json: true, quiet: true }
    const stdout = {
      ...io.stdout,
      write: async (line: string) => {
        if (!line.includes('"kind":"rows"')) return
        gone.abort()
        after()
      },
    }
    const call = { values, io, print: printerOf(values, { ...io, stdout }) }
    return runJobs([parseJob(JOB, 'job.yaml')], { world }, call)
  }

  it('a pipe whose reader left: 3, since something may be missing', async () => {
    expect(await leave(() => undefined)).toBe(3)
  })

  it('a terminal that closes refuses words first and hangs up then: 129', async () => {
    const left = leave(() => process.emit('SIGHUP', 'SIGHUP'))
    await expect(left).rejects.toMatchObject({ code: 'E_STOPPED', exit: 129 })
  })
})
