/** `quickstart`: a small job from beginning to end, offline unless asked otherwise. */

import { fileURLToPath } from 'node:url'
import { startSimulator, type Job } from '../../index.ts'
import type { Call, Execute } from '../commands.ts'
import { jobsFromFiles } from '../jobs.ts'
import { markOrigin, refuseMix } from '../origin.ts'
import { runJobs } from '../running.ts'
import { answers, recipes } from '../tour.ts'

const JOB_FILE = fileURLToPath(new URL('../../../jobs/quickstart.yaml', import.meta.url))

export const execute: Execute = async (call) => {
  const isLive = call.values.live === true
  const origin = isLive ? 'binance' : 'simulator'
  const { 'data-dir': dataDir = 'data' } = call.values
  const jobs = await jobsFromFiles([JOB_FILE])
  await refuseMix(origin, dataDir)
  await markOrigin(origin, dataDir)
  const exit = isLive ? await runJobs(jobs, { dataDir }, call) : await runOffline(jobs, call)
  if (exit === 0 && call.values.json !== true) await tour(dataDir, call)
  return exit
}

async function runOffline(jobs: readonly Job[], call: Call): Promise<number> {
  const { 'data-dir': dataDir = 'data' } = call.values
  const simulator = await startSimulator()
  try {
    await call.print.say(
      `Offline: the simulator answers at ${simulator.url}; its rows are made up.`,
    )
    const { url } = simulator
    return await runJobs(jobs, { dataDir, baseUrls: [url], archiveUrl: url }, call)
  } finally {
    await simulator.close()
  }
}

async function tour(dataDir: string, { print }: Call): Promise<void> {
  const blocks = await answers(dataDir)
  if (blocks === undefined)
    await print.result(
      '\nDuckDB is not installed, so no SQL here; `npm install @duckdb/node-api` brings it.\n',
    )
  else for await (const block of blocks) await print.result(`\n${block}`)
  await print.result(`\nThe same lake in a notebook:\n\n${recipes(dataDir)}`)
  await print.result(
    '\nNext: `npx binance-backfill status` shows what the lake holds, `verify` checks it.\n',
  )
}
