/**
 * Faults, blows and limits over many more seeds than the default run has time for; a failure names its seed.
 *
 *     FUZZ_RUNS=5000 npx vitest run --root . -c test/long.config.ts test/long/faults.test.ts
 */

process.env['FUZZ_RUNS'] ??= '1000'

await import('../backfill/faults.test.ts')
await import('../crash/crown.test.ts')
await import('../pull/budget.property.test.ts')
