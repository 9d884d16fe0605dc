/**
 * Lives of a lake, over many more seeds than the default run has time for; a failure names its seed, and what happened in
 * the life after all was left out that it does not need.
 *
 *     LIVES=10000 npx vitest run --root . -c test/long.config.ts test/long/life.test.ts
 *     LIFE_SEED=4711 npx vitest run --root . -c test/long.config.ts test/long/life.test.ts
 */

process.env['LIVES'] ??= '10000'

await import('../backfill/life.property.test.ts')
