// All checks: each stage by its name, with the time it took. What only reads the sources runs side by side, and shows
// its output when it ends. The tests come last, since CI reads the last line, which counts them.
import { spawn } from 'node:child_process'

const FIRST = ['setup', 'build']
const SIDE_BY_SIDE = ['lint', 'types', 'format', 'unused', 'imports']
const AT_ONCE = 2
const STAGES = [...FIRST, ...SIDE_BY_SIDE, 'test']
const started = Date.now()
let begun = 0

for (const stage of FIRST) await check(stage)
const waiting = [...SIDE_BY_SIDE]
await Promise.all(Array.from({ length: AT_ONCE }, checkNext))
await check('test', ` (${seconds(started)} so far)`)

async function checkNext() {
  for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) await check(stage)
}

/** Runs a stage; ends the program where it fails. */
async function check(stage, note = '') {
  const since = Date.now()
  begun += 1
  console.log(`[${begun}/${STAGES.length}] ${stage}${note}`)
  const status = await run(stage)
  if (status !== 0) {
    console.error(`${stage} failed after ${seconds(since)}`)
    process.exit(status)
  }
  if (stage !== 'test') console.log(`      ${stage}: ${seconds(since)}`)
}

/** The exit code of an npm script; what it prints comes in one piece where others run beside it. */
function run(stage) {
  const isAlone = !SIDE_BY_SIDE.includes(stage)
  const child = spawn('npm', ['run', '--silent', stage], {
    stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  const printed = []
  child.stdout?.on('data', (chunk) => printed.push(chunk))
  child.stderr?.on('data', (chunk) => printed.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(printed))
      resolve(code ?? 1)
    })
  })
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1_000)} s`
}
