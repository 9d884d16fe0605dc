/** A removal that ends at any step leaves a lake without damage, and the next removal completes it. */

import { expect, test } from 'vitest'
import { nodeFiles } from '../../src/node/files.ts'
import { status } from '../../src/query/status.ts'
import { expectWhole } from '../support/crash.ts'
import { machineWith, ROOT, type Machine } from '../support/crash-machine.ts'
import { after, done, removeRanges } from '../support/crash-scenarios.ts'
import { faultyCalls, type Fault } from '../support/faulty-files.ts'
import { rowsOf } from '../support/chaos.ts'
import { verify } from '../../src/verify/verify.ts'

/** Of the steps that decide what there is, every so many; of all others none, or all. */
const [EVERY, hasAll] = process.env['CRASH_POINTS'] === 'all' ? [1, true] : [2, false]

test('a removal that is killed is completed by the next', async () => {
  const before = await after(done)
  const calm = await machineWith(before, done.exchange)
  const counted = faultyCalls(calm.disk.calls)
  await remove(calm, counted.calls)
  const expected = await stateOf(calm)
  const steps = counted.log()
  expect(steps.filter((name) => name === 'unlink').length).toBeGreaterThan(0)
  let decisive = 0
  for (let at = 1; at <= steps.length; at++) {
    const isDecisive = ['rename', 'unlink'].includes(steps[at - 1] ?? '')
    if (isDecisive ? ++decisive % EVERY !== 0 : !hasAll) continue
    const kind: Fault['kind'] = at % 2 === 0 ? 'crash' : 'crashAfter'
    const about = `${kind} at step ${at} (${steps[at - 1]})`
    const machine = await machineWith(before, done.exchange)
    await remove(machine, faultyCalls(machine.disk.calls, { at, kind }).calls)
    machine.disk.crash(at % 3 === 0 ? 'all' : 'synced')
    await expectWhole(machine.disk, about)
    expect(await damageIn(machine), about).toEqual([])
    expect(await remove(machine, machine.disk.calls), about).toEqual({ exit: 0, error: undefined })
    expect(await stateOf(machine), about).toEqual(expected)
  }
})

async function remove(
  machine: Machine,
  calls: Machine['disk']['calls'],
): ReturnType<typeof removeRanges> {
  const { world, end } = machine.boot(calls, done.start)
  const ended = await removeRanges(world)
  end()
  return ended
}

/** What is covered, and every row. */
async function stateOf(machine: Machine): Promise<unknown> {
  const { world, end } = machine.boot(machine.disk.calls, done.start)
  const { series } = await status([], { world })
  end()
  const files = nodeFiles(ROOT, machine.disk.calls)
  const klines = { market: 'spot', dataset: 'klines', symbol: 'ETHUSDT', interval: '1h' } as const
  const trades = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
  return {
    told: series.map(({ covered, gaps, rows, partitions, verdict, error }) => ({
      ...{ covered, gaps, rows, partitions, verdict, error },
    })),
    rows: [await rowsOf(files, klines), await rowsOf(files, trades)],
  }
}

async function damageIn(machine: Machine): Promise<readonly string[]> {
  const { world, end } = machine.boot(machine.disk.calls, done.start)
  const found: string[] = []
  for await (const step of verify([], { world }))
    if (step.kind === 'finding' && step.finding.severity === 'damage')
      found.push(`${step.finding.code} ${step.finding.path} ${step.finding.message}`)
  end()
  return found
}
