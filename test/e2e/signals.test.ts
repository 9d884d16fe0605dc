/** SIGTERM, SIGINT and SIGHUP at each phase: a clean commit and 143, 130 or 129, whatever the run waits for. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FaultOptions } from '../../src/simulator/index.ts'
import { contents } from '../support/lake.ts'
import {
  calmContents,
  expectSoundLake,
  goOn,
  processLake,
  serveHistory,
  startRun,
  type Line,
  type ProcessLake,
  type Watched,
} from '../support/process.ts'
import { finished, startCli } from './support.ts'

// Less than any deadline that a run waits for by itself (20 s for an answer): whoever passes did not sit it out.
const PROMPT_MS = 15_000

/** The lake is sound, nobody holds it, and going on leads to the bytes of a calm run. */
async function expectCleanStop(lake: ProcessLake, watched: Watched): Promise<void> {
  await expectSoundLake(lake.dataDir, 'stopped')
  const { exit, stderr } = await goOn(lake, watched)
  expect(exit, stderr).toBe(0)
  expect(await contents(lake.dataDir)).toEqual(await calmContents())
}

describe('a clean stop', () => {
  it.each([
    ['SIGTERM', 'plan', 143],
    ['SIGTERM', 'rows', 143],
    ['SIGTERM', 'committed', 143],
    ['SIGTERM', 'series', 143],
    ['SIGINT', 'rows', 130],
    ['SIGINT', 'gap', 130],
    ['SIGHUP', 'plan', 129],
    ['SIGHUP', 'rows', 129],
    ['SIGHUP', 'committed', 129],
  ] as const)(
    '%s at "%s"',
    async (signal, phase, code) => {
      // One series gets no answer, so that the run cannot end before the signal comes.
      const held = { path: '/api/v3/aggTrades', query: 'symbol=ETHUSDT', times: Infinity }
      const rules = [{ ...held, fault: { kind: 'hang' } as const }]
      const lake = await processLake()
      const running = startRun(lake, await serveHistory({ faults: { rules } }, { latencyMs: 5 }))
      await running.line(({ kind }) => kind === phase)
      running.child.kill(signal)
      const { exit, stdout, stderr } = await running.done
      expect(exit, stderr).toBe(code)
      // What had arrived whole is told and kept, and the last line of all is the summary or the error after it.
      expect(stdout).toContain('"kind":"summary"')
      expect(stderr + stdout).toContain('E_STOPPED')
      expect(stderr).not.toMatch(/\n\s+at /)
      await expectCleanStop(lake, await serveHistory())
    },
    60_000,
  )
})

describe('whatever the run waits for', () => {
  const klinesFrom = (
    nth: number,
    fault: NonNullable<FaultOptions['rules']>[number]['fault'],
  ): FaultOptions => ({
    rules: [{ path: '/api/v3/klines', nth, times: Infinity, fault }],
  })

  it.each<[name: string, faults: FaultOptions, isThere: (line: Line) => boolean]>([
    ['a server that hangs', klinesFrom(3, { kind: 'hang' }), ({ kind }) => kind === 'rows'],
    [
      'a body that drips',
      klinesFrom(3, { kind: 'drip', bytes: 1, everyMs: 1_000 }),
      ({ kind }) => kind === 'rows',
    ],
    [
      'a rate limit',
      klinesFrom(3, { kind: 'limited', seconds: 300 }),
      ({ kind }) => kind === 'wait',
    ],
    ['a ban', klinesFrom(3, { kind: 'banned', seconds: 300 }), ({ kind }) => kind === 'wait'],
    [
      'the firewall',
      klinesFrom(3, { kind: 'blocked', seconds: 300 }),
      ({ kind }) => kind === 'wait',
    ],
    [
      'a server that is overloaded',
      klinesFrom(3, { kind: 'error', code: -1008 }),
      ({ kind }) => kind === 'rows',
    ],
  ])(
    '%s',
    async (_, faults, isThere) => {
      const watched = await serveHistory({ faults })
      const lake = await processLake()
      const running = startRun(lake, watched)
      await running.line(isThere)
      running.child.kill('SIGTERM')
      const { exit, stderr } = await running.done
      expect(exit, stderr).toBe(143)
      await expectSoundLake(lake.dataDir, 'stopped')
    },
    PROMPT_MS,
  )

  it(
    'the lake, held by another',
    async () => {
      const watched = await serveHistory({ faults: klinesFrom(1, { kind: 'hang' }) })
      const lake = await processLake()
      const holder = startRun(lake, watched)
      await holder.line(({ kind }) => kind === 'plan')
      const waiting = startRun(lake, watched, { args: ['--wait-lock', '600', '--verbose'] })
      // It asks for nothing before it has the lake, and nothing tells that it waits; once it listens, it ends as asked.
      await new Promise((resolve) => waiting.child.once('spawn', resolve))
      const stop = setInterval(() => waiting.child.kill('SIGINT'), 500)
      const { exit } = await waiting.done
      clearInterval(stop)
      expect(exit).toBe(130)
    },
    PROMPT_MS,
  )
})

it(
  'a second signal ends it at once',
  async () => {
    const watched = await serveHistory({
      faults: {
        rules: [{ path: '/api/v3/klines', nth: 3, times: Infinity, fault: { kind: 'hang' } }],
      },
    })
    const lake = await processLake()
    const running = startRun(lake, watched)
    await running.line(({ kind }) => kind === 'rows')
    running.child.kill('SIGTERM')
    running.child.kill('SIGTERM')
    expect((await running.done).exit).toBe(143)
    await expectSoundLake(lake.dataDir, 'stopped twice')
  },
  PROMPT_MS,
)

// Runs a command as the leader of a session on a terminal of its own, and shows what it writes there. SIGTERM closes the
// terminal; what the command then ends with is the end.
const ON_TERMINAL = `
import os, pty, select, signal, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
closing, close = os.pipe()
os.set_blocking(close, False)
signal.set_wakeup_fd(close)
signal.signal(signal.SIGTERM, lambda *_: None)
while closing not in select.select([terminal, closing], [], [])[0]:
    os.write(1, os.read(terminal, 65536))
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
const hasTerminals = spawnSync('python3', ['-c', 'import pty']).status === 0
if (!hasTerminals) console.log('NOT RUN on a terminal that closes: python3 is missing')

it.skipIf(!hasTerminals).each([
  ['bars', []],
  ['lines', ['--no-progress']],
  ['lines of JSON', ['--json']],
])('a terminal that closes under %s: a clean commit and 129', async (_, args) => {
  const lake = await processLake()
  const watched = await serveHistory({}, { latencyMs: 5 })
  const { dataDir, jobFile } = lake
  const at = ['--data-dir', dataDir, '--base-url', watched.simulator.url]
  const through = ['python3', '-c', ON_TERMINAL]
  const child = startCli(['run', jobFile, ...at, ...args], { through })
  onTestFinished(() => void child.kill('SIGKILL'))
  // Of about 70 requests; whole pages have come by then.
  watched.onRequest = (count) => {
    if (count === 40) child.kill('SIGTERM')
  }
  const { exit, stdout, stderr } = await finished(child)
  expect([exit, stderr], stdout).toEqual([129, ''])
  const stored = Object.keys(await contents(dataDir))
  expect(stored.filter((path) => path.endsWith('.parquet'))).not.toEqual([])
  await expectCleanStop(lake, await serveHistory())
})

it('a reader of stdout that leaves (| head -1) harms nothing', async () => {
  const watched = await serveHistory({}, { latencyMs: 5 })
  const lake = await processLake()
  const running = startRun(lake, watched)
  await running.line(({ kind }) => kind === 'plan')
  running.child.stdout?.destroy()
  const { exit, stderr } = await running.done
  expect([0, 3]).toContain(exit)
  expect(stderr).not.toMatch(/EPIPE|\n\s+at /)
  await expectCleanStop(lake, watched)
})

it('a signal before anything was asked for leaves nothing behind', async () => {
  const watched = await serveHistory({}, { latencyMs: 50 })
  const lake = await processLake()
  const running = startRun(lake, watched)
  watched.onRequest = () => running.child.kill('SIGTERM')
  const { exit, stderr } = await running.done
  expect(exit, stderr).toBe(143)
  watched.onRequest = () => undefined
  await expectCleanStop(lake, watched)
})

// As in a container that is started without an init: the system gives such a process no default for signals.
const PID_1 = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc']
const [UNSHARE = '', ...FLAGS] = PID_1
const hasNamespaces = spawnSync(UNSHARE, [...FLAGS, 'true']).status === 0
if (!hasNamespaces) console.log('NOT RUN as PID 1: this system gives no namespaces')

it.skipIf(!hasNamespaces).each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s as PID 1: a clean commit and %i', async (signal, code) => {
  const lake = await processLake()
  const watched = await serveHistory({}, { latencyMs: 5 })
  const running = startRun(lake, watched, { through: PID_1 })
  await running.line(({ kind }) => kind === 'rows')
  const { pid = 0 } = running.child
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  expect(children).toHaveLength(1)
  process.kill(Number(children[0]), signal)
  const { exit, stdout, stderr } = await running.done
  expect(exit, stderr).toBe(code)
  expect(stdout).toContain('"kind":"summary"')
  await expectCleanStop(lake, await serveHistory())
})
