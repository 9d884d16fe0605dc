// The allowed direction of imports, as data. ARCHITECTURE.md shows the same picture in words.
const flow = ['job', 'plan', 'pull', 'rows', 'store'] // upstream → downstream
const room = `^src/(${flow.join('|')})/`
const only = (name, from, to, comment) => ({ name, comment, severity: 'error', from, to })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    only('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    only('base-imports-nothing', { path: '^src/base/' }, { pathNot: '^src/base/' }),
    only(
      'binance-is-facts',
      { path: '^src/binance/' },
      { pathNot: '^src/(base|binance)/' },
      'Facts and pure functions; no I/O, no package.',
    ),
    only(
      'no-doors-between-rooms',
      { path: room },
      { path: room, pathNot: '^src/$1/', dependencyTypesNot: ['type-only'] },
      'A room takes the types of the rooms upstream, never their values.',
    ),
    ...flow
      .slice(0, -1)
      .map((name, i) =>
        only(
          `types-flow-downstream-from-${name}`,
          { path: `^src/${name}/` },
          { path: `^src/(${flow.slice(i + 1).join('|')})/` },
        ),
      ),
    only(
      'nothing-calls-the-conductor',
      { path: '^src/(base|binance|job|plan|pull|rows|store|node|simulator)/' },
      { path: '^src/[a-z]+\\.ts$|^src/cli/' },
    ),
    only(
      'cli-uses-the-public-door',
      { path: '^src/cli/' },
      { path: '^src/', pathNot: '^src/(index\\.ts$|cli/)' },
    ),
    only(
      'the-edge-knows-only-the-ports',
      { path: '^src/node/' },
      { path: '^src/', pathNot: '^src/(node|base)/' },
    ),
    only(
      'the-stand-in-knows-only-facts',
      { path: '^src/simulator/' },
      { path: '^src/', pathNot: '^src/(simulator|base|binance)/' },
      'Were it to share code with the rooms, it would share their mistakes.',
    ),
    only(
      'the-page-is-made-of-plain-data',
      { path: '^src/report/' },
      { path: '^src/', pathNot: '^src/(report|base|binance)/', dependencyTypesNot: ['type-only'] },
    ),
    only(
      'only-the-edge-touches-the-machine',
      { path: '^src/', pathNot: '^src/(node|cli|simulator)/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(zlib|crypto|util|events|stream|buffer)$' },
      'Time, disk and network come in through base/ports.ts; pure computation may come from Node.',
    ),
    only(
      'one-room-knows-http',
      { path: '^src/', pathNot: '^src/node/' },
      { path: 'node_modules/undici/' },
    ),
    only(
      'one-room-knows-parquet',
      { path: '^src/', pathNot: '^src/store/' },
      { path: 'node_modules/(parquetjs-lite|hyparquet|hyparquet-compressors|@bokuweb)' },
    ),
    only(
      'one-room-knows-yaml',
      { path: '^src/', pathNot: '^src/job/' },
      { path: 'node_modules/(yaml|zod)/' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
