// Runs the tests and ends with one plain line that is counted from the runner's own report.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const started = Date.now()
const directory = mkdtempSync(join(tmpdir(), 'binance-backfill-tests-'))
const report = join(directory, 'report.json')
const vitest = join('node_modules', 'vitest', 'vitest.mjs')
const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]
const config = ['--root', '.', '-c', 'test/vitest.config.ts']
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...config, ...reporters, ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
const minutes = ((Date.now() - started) / 60_000).toFixed(1)
let counts
try {
  counts = JSON.parse(readFileSync(report, 'utf8'))
} catch {
  console.error('the test runner left no report')
}
rmSync(directory, { recursive: true, force: true })
const passed = counts?.numPassedTests ?? 0
// A file that fails to load has no tests to fail; it must not pass for that.
const failed = Math.max(counts?.numFailedTests ?? 1, status === 0 && passed > 0 ? 0 : 1)
const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0)
if (skipped > 0) console.log(`${skipped} not run, since what they need is not there (see above)`)
console.log(`the tests took ${minutes} minutes`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
