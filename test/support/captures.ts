/** Captures of real output for README.md: between the marks of a name stands what the command printed, 80 columns wide. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '../../src/simulator/index.ts'
import { runCli } from '../e2e/support.ts'

/** One command line; more of a capture are printed one after the other. */
type Line = readonly string[]

const JOB = 'jobs/quickstart.yaml'

/** What is captured, in the order in which it happens to one lake. */
const CAPTURES: readonly (readonly [name: string, ...lines: readonly Line[]])[] = [
  ['plan', ['plan', JOB]],
  ['run', ['run', JOB], ['run', JOB]],
  ['status', ['status']],
  ['verify', ['verify']],
]

/** Runs everything on a new lake against the simulator; name to block of Markdown. */
export async function takeCaptures(cwd: string): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'binance-backfill-'))
  const simulator = await startSimulator({})
  const env = {
    BINANCE_BACKFILL_DATA_DIR: join(directory, 'lake'),
    BINANCE_BACKFILL_BASE_URL: simulator.url,
    BINANCE_BACKFILL_ARCHIVE_URL: simulator.url,
  }
  try {
    const blocks = new Map<string, string>()
    for (const [name, ...lines] of CAPTURES) {
      const shown: string[] = []
      for (const line of lines) {
        const { exit, stdout, stderr } = await runCli(line, { cwd, env })
        if (exit !== 0) throw new Error(`${line.join(' ')} ended with ${exit}: ${stderr}`)
        shown.push(`$ binance-backfill ${line.join(' ')}\n${stderr}${stdout}`.trimEnd())
      }
      blocks.set(name, `\`\`\`\n${shown.join('\n\n')}\n\`\`\``)
    }
    return blocks
  } finally {
    await simulator.close()
    await rm(directory, { recursive: true, force: true })
  }
}

const BLOCK = /(<!-- capture:(\w+) -->\n).*?(<!-- \/capture -->)/gs

/** `text` with the captures between their marks; marks of other names keep what they have. */
export function withCaptures(text: string, captures: ReadonlyMap<string, string>): string {
  return text.replace(BLOCK, (whole, begin: string, name: string, end: string) => {
    const block = captures.get(name)
    return block === undefined ? whole : `${begin}\n${block}\n\n${end}`
  })
}

/** The captures that `text` has, by name. */
export function capturesIn(text: string): ReadonlyMap<string, string> {
  const found = [...text.matchAll(/<!-- capture:(\w+) -->\n(.*?)<!-- \/capture -->/gs)]
  return new Map(found.map(([, name = '', block = '']) => [name, block.trim()]))
}

/** What may differ without being news, taken out: times, sizes, and how many requests were sent ahead. */
export function steady(block: string): string {
  return block
    .replace(/(asked +)[\d-]+ [\d:]+/g, '$1#')
    .replace(/\d[\d,]*(\.\d+)? (s|min|h|d)\b/g, '# $2')
    .replace(/\d+(\.\d+)? ([kMG]?B)\b/g, '# $2')
    .replace(/\d[\d,]* requests?, weight [\d,]*\d/g, '# requests, weight #')
    .replace(/ +/g, ' ')
}
