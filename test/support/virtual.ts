/** Whole runs in virtual time: the exchange without sockets, latency that differs by request, a lake in memory. */

import { backfill } from '../../src/backfill/run.ts'
import { BackfillError } from '../../src/base/errors.ts'
import type { Clock, Files, Http, ProcessIdentity, Random, World } from '../../src/base/ports.ts'
import { micros, type Micros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Options } from '../../src/options.ts'
import type { Progress, Summary } from '../../src/progress.ts'
import { inMemoryHttp, type Exchange } from '../../src/simulator/index.ts'
import { memFiles } from './mem-files.ts'
import { simClock, type SimClock } from './sim-clock.ts'
import { seededRandom, simProcesses } from './sim-world.ts'
import { bytesOf } from './put.ts'

/** How a virtual world differs from the plainest one. */
export type VirtualOptions = {
  readonly start?: Micros
  readonly clock?: SimClock
  readonly files?: Files
  /** Default: a new one on a machine of its own. */
  readonly process?: ProcessIdentity
  readonly seed?: number
  readonly ip?: string
  /** On the way there and on the way back, each drawn below this, in milliseconds. Default 0: no latency. */
  readonly latencyMsMax?: number
  /** This machine's wall clock minus the true one, which the exchange goes by, in milliseconds. Default 0. */
  readonly wallOffsetMs?: () => number
  /** How much faster the exchange's clock runs than this machine's, in millionths. Default 0. */
  readonly driftPpm?: number
  /** How fast the body of a file comes over each connection. Default: at once. */
  readonly bytesPerSecond?: number
  /** The same latency for all requests instead, there and back together. */
  readonly latencyMs?: number
}

/** A world whose exchange is a model in this process. */
export type VirtualWorld = World & { readonly clock: SimClock }

const onTime = (): number => 0

/** Puts a world around `exchange`. Nothing in it takes real time, so the clock may always jump. */
export function virtualWorld(exchange: Exchange, options: VirtualOptions = {}): VirtualWorld {
  const {
    seed = 1,
    start,
    latencyMs,
    latencyMsMax,
    ip,
    wallOffsetMs = onTime,
    driftPpm = 0,
    bytesPerSecond,
  } = options
  const files = options.files ?? memFiles()
  const clock = options.clock ?? simClock(start === undefined ? {} : { start })
  const wire = {
    ...(latencyMs !== undefined && { latencyMs }),
    ...(ip !== undefined && { ip }),
  }
  const drift = (): bigint => BigInt(Math.round((clock.monotonicMs() * driftPpm) / 1_000))
  const theirs = { ...clock, now: () => micros(clock.now() + drift()) }
  const quick = inMemoryHttp(exchange, theirs, wire)
  const http = bytesPerSecond === undefined ? quick : narrow(quick, clock, bytesPerSecond)
  const now = (): Micros => micros(clock.now() + BigInt(wallOffsetMs()) * 1_000n)
  return {
    clock: { ...clock, now },
    random: seededRandom(seed),
    http:
      latencyMsMax === undefined ? http : slowed(http, clock, seededRandom(seed + 1), latencyMsMax),
    files,
    // Whoever works at the same lake does so on the same machine.
    state: () => ({ files, directory: 'state' }),
    process: options.process ?? simProcesses().spawn(),
  }
}

const PIECE_BYTES = 1_000

/** `http` whose files take their time. */
function narrow(http: Http, clock: Clock, bytesPerSecond: number): Http {
  async function* slowly(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks)
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES)
        await clock.sleep((piece.length / bytesPerSecond) * 1_000)
        yield piece
      }
  }
  return {
    ...http,
    stream: async (request) => {
      const answer = await http.stream(request)
      return { ...answer, chunks: slowly(answer.chunks) }
    },
  }
}

/** `http` with chance in both directions, so that answers overtake each other. */
function slowed(http: Http, clock: Clock, random: Random, maxMs: number): Http {
  return {
    ...http,
    get: async (request) => {
      await clock.sleep(random.next() * maxMs, request.signal)
      const answer = await http.get(request)
      await clock.sleep(random.next() * maxMs, request.signal)
      return answer
    },
  }
}

/** Everything in a lake in memory that is data or says what data there is, by its path. */
export async function lakeOf(
  files: Files,
  path = 'spot',
): Promise<Readonly<Record<string, Uint8Array>>> {
  const found: Record<string, Uint8Array> = {}
  for (const { name, kind } of await files.list(path)) {
    const inner = `${path}/${name}`
    if (kind === 'directory') Object.assign(found, await lakeOf(files, inner))
    else found[inner] = (await bytesOf(files, inner)) ?? new Uint8Array()
  }
  return found
}

/** How a run ended. */
export type Ended = {
  /** What a process would end with. */
  readonly exit: number
  /** Absent when the run ended before it had a plan. */
  readonly summary: Summary | undefined
  readonly error: unknown
  readonly events: readonly Progress[]
}

/** Runs a job given as YAML, or several, to its end, whatever that is, as the command does. */
export async function attempt(yaml: string | readonly string[], options: Options): Promise<Ended> {
  const events: Progress[] = []
  try {
    const jobs = [yaml].flat().map((text) => parseJob(text, 'test.yaml'))
    for await (const event of backfill(jobs, options)) events.push(event)
  } catch (error) {
    const exit = error instanceof BackfillError ? error.exit : 1
    return { exit, summary: summaryIn(events), error, events }
  }
  const summary = summaryIn(events)
  return { exit: summary?.exit ?? 1, summary, error: undefined, events }
}

function summaryIn(events: readonly Progress[]): Summary | undefined {
  return events.find((event) => event.kind === 'summary')
}
