// The allowed direction of imports, as data; `test/project/imports.test.ts` plants violations and sees each one reported.

/**
 * The rooms of `src`, from the words that everyone shares to the command line: a room may import the rooms before it,
 * values as well as types, and none after it.
 */
const rooms = [
  '^src/base/',
  '^src/binance/',
  '^src/node/',
  '^src/cloud/',
  '^src/simulator/',
  '^src/job/',
  '^src/plan/',
  '^src/(options|progress|version)[.]ts$',
  '^src/pull/',
  '^src/rows/',
  '^src/store/',
  '^src/walk/',
  '^src/session/',
  '^src/backfill/',
  '^src/query/',
  '^src/remove/',
  '^src/verify/',
  '^src/report/',
  '^src/serve/',
  '^src/watch/',
  '^src/thread/',
  '^src/index[.]ts$',
  '^src/cli/',
]
const only = (name, from, to, comment) => ({ name, comment, severity: 'error', from, to })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    only('no-circles', {}, { circular: true }, 'Of types neither.'),
    only('no-file-outside-of-the-rooms', {}, { path: '^src/', pathNot: rooms }),
    ...rooms
      .slice(0, -1)
      .map((room, index) =>
        only(`no-way-back-to-${room}`, { path: room }, { path: rooms.slice(index + 1) }),
      ),
    only(
      'binance-is-facts',
      { path: '^src/binance/' },
      { pathNot: '^src/(base|binance)/' },
      'Facts and pure functions; no I/O, no package.',
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
      'object-stores-know-only-the-ports',
      { path: '^src/cloud/' },
      { path: '^src/', pathNot: '^src/(cloud|node|base)/' },
    ),
    only(
      'the-stand-in-knows-only-facts',
      { path: '^src/simulator/' },
      { path: '^src/', pathNot: '^src/(simulator|base|binance)/' },
      'Were it to share code with the rooms, it would share their mistakes.',
    ),
    only(
      'the-page-is-made-of-plain-data',
      {
        path: '^src/report/',
        pathNot: '^src/report/(report|page-assets|lake-document|run-lines|series-candles)[.]ts$',
      },
      { path: '^src/', pathNot: '^src/(report|base|binance)/', dependencyTypesNot: ['type-only'] },
    ),
    only(
      'only-the-edge-touches-the-machine',
      { path: '^src/', pathNot: '^src/(node|cloud|cli|simulator)/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(zlib|crypto|util|events|stream|buffer)$' },
      'Time, disk and network come in through base/ports.ts; pure computation may come from Node.',
    ),
    only(
      'one-room-knows-http',
      { path: '^src/', pathNot: '^src/node/' },
      { path: 'node_modules/undici/' },
    ),
    only(
      'one-room-knows-object-stores',
      { path: '^src/', pathNot: '^src/cloud/' },
      { path: 'node_modules/@aws-sdk/' },
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
