/**
 * DuckDB reads on for minutes while runs grow and revise a lake.
 *
 *     REVISIONS=500 npx vitest run --root . -c test/long.config.ts test/long/readers.test.ts
 */

process.env['REVISIONS'] ??= '400'

await import('../e2e/readers.test.ts')
