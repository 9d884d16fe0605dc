/**
 * Damage at more places of a lake than the default run has time for.
 *
 *     DAMAGE_STRIDE=1 npx vitest run --root . -c test/long.config.ts test/long/damage.test.ts
 */

process.env['DAMAGE_STRIDE'] ??= '7'

await import('../store/damage.test.ts')
await import('../store/damage.property.test.ts')
