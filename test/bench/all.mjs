// Every benchmark, one after the other, with what they ran on. They report and do not gate.
//
//     npm run bench
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

const node = process.execPath
const [cpu] = cpus()
console.log(
  `${cpu?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}\n`,
)
spawnSync('npx', ['tsc', '-p', 'test/bench/tsconfig.json'], { stdio: 'inherit' })
const compiled = 'node_modules/.bench/test/bench'
const benches = [
  ['typed arrays to Parquet, beside DuckDB and stock appendRow', `${compiled}/encode.js`],
  ['raw pages to columns', 'test/bench/decode.mjs'],
  ['raw pages to a committed partition', 'test/bench/pages.mjs'],
  ['the whole run over sockets', 'test/bench/run.mjs'],
  ['nothing to do', 'test/bench/noop.mjs'],
  ['archive zip to Parquet, beside DuckDB', 'test/bench/archive.mjs'],
  ['archive zip to a committed partition through the whole run', 'test/bench/archive-run.mjs'],
  ['whole runs from the archive, beside DuckDB', 'test/bench/archive-run.mjs'],
  ['JSON and SBE', `${compiled}/sbe.js`],
  ['verify', 'test/bench/verify.mjs'],
  ['threads, beside sha256sum, unzip and DuckDB', 'test/bench/threads.mjs'],
]
for (const [name, file] of benches) {
  if (!existsSync(file)) continue
  console.log(`## ${name}\n`)
  const { status } = spawnSync(node, [file], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
  console.log('')
}
