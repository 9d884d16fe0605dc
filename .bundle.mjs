// The program in a few files: Node takes longer to find and read hundreds of modules than to run them. Packages stay
// outside, as npm installs them, and nothing is renamed or shortened, so that stack traces can be read; only comments stay
// behind.
import { build } from 'rolldown'

await build({
  input: {
    index: 'src/index.ts',
    'cli/main': 'src/cli/main.ts',
    'thread/main': 'src/thread/main.ts',
  },
  platform: 'node',
  external: /^(?:node:|@?[a-z][^:]*$)/,
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: 'parts/[name].js',
    cleanDir: true,
    comments: { jsdoc: false },
  },
})
