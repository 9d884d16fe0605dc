import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** The suites that take minutes to hours. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
})
export default config
