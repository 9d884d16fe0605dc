import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/bench/**'],
    pool: 'forks',
    setupFiles: ['test/setup.ts'],
    // Far beyond what any test takes: it is there for what hangs.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})
export default config
