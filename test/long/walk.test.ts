/**
 * The laws of the walk and of the store over many more histories than the default run has time for. A failure prints
 * its seed; with that as FC_SEED the same histories come again, in the same order.
 *
 *     WALK_RUNS=200000 STORE_RUNS=3000 npx vitest run --root . -c test/long.config.ts test/long/walk.test.ts
 */

import fc from 'fast-check'

process.env['WALK_RUNS'] ??= '100000'
process.env['STORE_RUNS'] ??= '1500'
process.env['LATE_RUNS'] ??= '600'
process.env['TORN_RUNS'] ??= '400'
process.env['SEAM_RUNS'] ??= '600'
process.env['THREAD_RUNS'] ??= '500'

const seed = process.env['FC_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

await import('../walk/walk.property.test.ts')
await import('../walk/trades.property.test.ts')
await import('../walk/failure.property.test.ts')
await import('../walk/id-trust.property.test.ts')
await import('../walk/late-rows.property.test.ts')
await import('../walk/late-trades.test.ts')
await import('../walk/seam.property.test.ts')
await import('../walk/threads.property.test.ts')
await import('../walk/torn-trades.test.ts')
await import('../store/merge-partition.property.test.ts')
