// All checks, one after the other: each stage by its name, with the time it took. The tests come last, since CI reads the
// last line, which counts them.
import { spawnSync } from 'node:child_process'

const STAGES = ['setup', 'build', 'format', 'types', 'lint', 'imports', 'unused', 'test']
const started = Date.now()

for (const [index, stage] of STAGES.entries()) {
  const begun = Date.now()
  const isLast = index === STAGES.length - 1
  const past = isLast ? ` (${seconds(started)} so far)` : ''
  console.log(`[${index + 1}/${STAGES.length}] ${stage}${past}`)
  const { status } = spawnSync('npm', ['run', '--silent', stage], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    if (!isLast) console.error(`${stage} failed after ${seconds(begun)}`)
    process.exit(status ?? 1)
  }
  if (!isLast) console.log(`      ${seconds(begun)}`)
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1_000)} s`
}
