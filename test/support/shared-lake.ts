/** A lake that all tests of a file share: written once from the simulator, gone when they are done. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Summary } from '../../src/progress.ts'
import {
  quickstartExchange,
  startSimulator,
  type ExchangeOptions,
} from '../../src/simulator/index.ts'
import { run } from './lake.ts'

/** What {@link sharedLake} gives; filled before the first test. */
export type SharedLake = { dataDir: string; summary: Summary }

/** Writes a lake before the tests of this file. Call outside of any test. */
export function sharedLake(
  yaml: string,
  exchange: ExchangeOptions = quickstartExchange(),
): SharedLake {
  const lake = {} as SharedLake
  beforeAll(async () => {
    lake.dataDir = await mkdtemp(join(tmpdir(), 'binance-backfill-'))
    const simulator = await startSimulator({ exchange })
    try {
      const told = await run(yaml, { dataDir: lake.dataDir, baseUrls: [simulator.url] })
      lake.summary = told.summary
      if (told.error !== undefined)
        throw new Error('the lake could not be written', { cause: told.error })
    } finally {
      await simulator.close()
    }
  })
  afterAll(() => rm(lake.dataDir, { recursive: true, force: true }))
  return lake
}
