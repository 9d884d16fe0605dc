/** Where on earth a run takes place changes no byte: all is in UTC. */

import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { contents } from '../support/lake.ts'
import { serve } from './contract-support.ts'
import { newLakeDir, runCli } from './support.ts'

/** The first begins and ends days, weeks and months elsewhere; the last begins when there is no time in New York. */
const JOB = `
version: 1
source: rest
datasets:
  - {kind: klines, symbols: [BTCUSDT], intervals: [15m, 1h, 1d, 1w, 1M], from: 2024-01-30, to: 2024-04-02}
  - {kind: aggTrades, symbols: [ETHUSDT], from: 2024-03-10T02:30, to: 2024-03-11T01:00}
`

const ZONES = ['UTC', 'America/New_York', 'Pacific/Apia'] as const

test('a program that is started in a zone is in it', () => {
  const midnights = ZONES.map((TZ) => {
    const code = 'process.stdout.write(String(new Date(2024, 0, 15).getTime()))'
    return spawnSync(process.execPath, ['-e', code], { env: { TZ }, encoding: 'utf8' }).stdout
  })
  expect(new Set(midnights).size).toBe(ZONES.length)
})

test('a run in New York or Apia gives the bytes and the words of a run in UTC', async () => {
  const runs = ZONES.map(async (TZ) => {
    const { url } = await serve()
    const lake = await newLakeDir()
    const job = `${lake}.yaml`
    await writeFile(job, JOB)
    const at = ['--data-dir', lake]
    const flags = [...at, '--base-url', url, '--no-progress']
    const { exit, stderr } = await runCli(['run', job, ...flags], { env: { TZ } })
    const status = await runCli(['status', ...at, '--json'], { env: { TZ } })
    return {
      end: [exit, exit === 0 ? '' : stderr],
      // When it was asked is the clock's of each run.
      status: status.stdout.replaceAll(/"asked":"[^"]*"/g, '"asked":""'),
      lake: await contents(lake),
    }
  })
  const [first, ...others] = await Promise.all(runs)
  expect(first?.end).toEqual([0, ''])
  expect(Object.keys(first?.lake ?? {}).length).toBeGreaterThan(8)
  for (const other of others) expect(other).toEqual(first)
})
