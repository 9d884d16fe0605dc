import { availableParallelism } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/bench/**'],
    pool: 'forks',
    // Most tests wait for disks and sockets now and then: one worker a core keeps two cores busy.
    maxWorkers: availableParallelism(),
    setupFiles: ['test/setup.ts'],
    // Far beyond what any test takes: it is there for what hangs.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})
export default config
