import { availableParallelism } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Those that change the process they run in, or watch it: each file has one of its own. */
const ALONE = ['test/{crash,e2e,project,security}/**/*.test.ts']

const config: ViteUserConfig = defineConfig({
  test: {
    pool: 'forks',
    // Most tests wait for disks and sockets now and then: one worker a core keeps two cores busy.
    maxWorkers: availableParallelism(),
    setupFiles: ['test/setup.ts'],
    // Far beyond what any test takes: it is there for what hangs.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/*/**/*.test.ts'],
          exclude: [...ALONE, 'test/long/**', 'test/bench/**'],
          // Loading the program anew for each file took a quarter of the time.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'whole', include: ALONE } },
    ],
  },
})
export default config
