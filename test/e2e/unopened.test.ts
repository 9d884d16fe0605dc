/** The built command where the exchange refuses the very first request: the last line of stdout is the summary. */

import { expect, test } from 'vitest'
import type { Fault } from '../../src/simulator/index.ts'
import { bench, KLINES, serve } from './contract-support.ts'
import { errorOf, jsonLines } from './support.ts'

test.each<[fault: Fault, exit: number, code: string]>([
  [{ kind: 'status', status: 404 }, 3, 'E_REJECTED'],
  [{ kind: 'banned', seconds: 600 }, 5, 'E_BANNED'],
  [{ kind: 'region' }, 5, 'E_REGION'],
])('%j: exit %d, a summary and one line of error', async (fault, exit, code) => {
  const { url } = await serve({ faults: { rules: [{ fault, times: Infinity }] } })
  const lake = await bench(url)
  const json = await lake.call(['run', ...KLINES, '--max-wait', '1', '--json'])
  expect(json.exit, json.stderr).toBe(exit)
  expect(jsonLines(json).at(-1)).toMatchObject({
    kind: 'summary',
    complete: false,
    rows: 0,
    series: [
      {
        symbol: 'BTCUSDT',
        complete: false,
        missing: [{ from: '2024-01-01T00:00:00.000000Z', to: '2024-01-03T00:00:00.000000Z' }],
        error: { code },
      },
    ],
  })
  expect(errorOf(json)).toMatchObject({ kind: 'error', code, exit })
  const text = await lake.call(['run', ...KLINES, '--max-wait', '1'])
  expect(text.exit).toBe(exit)
  expect(text.stdout).toContain('NOT complete: 1 of 1 series still lacks data.')
  expect(text.stdout).toContain('missing 2024-01-01 to 2024-01-03')
  expect(text.stderr.trimEnd().split('\n').at(-1)).toMatch(/^error: /)
  const quiet = await lake.call(['run', ...KLINES, '--max-wait', '1', '--quiet'])
  expect([quiet.exit, quiet.stdout]).toEqual([exit, ''])
})
