import { defineConfig, type ViteUserConfig } from 'vitest/config'

/**
 * Every crash point, hundreds of real kills, and readers for as long as those take; `npm test` has a sample of each.
 * Needs `npm run build`. Minutes to an hour.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    include: [
      'test/crash/**/*.test.ts',
      'test/e2e/{kill,signals,readers}.test.ts',
      'test/store/lost-files.test.ts',
    ],
    env: {
      CRASH_POINTS: 'all',
      STRIDE: '1',
      FUZZ_RUNS: '1000',
      KILLS: '200',
      REVISIONS: '400',
    },
    pool: 'forks',
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
})
export default config
