/** Worlds for tests: virtual time, seeded chance, processes that live and die on command, and a count of everything. */

import { TransportError } from '../../src/base/errors.ts'
import type {
  Files,
  Http,
  HttpRequest,
  ProcessIdentity,
  Random,
  World,
} from '../../src/base/ports.ts'
import type { Micros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { nodeFsCalls, type FsCalls } from '../../src/node/fs-calls.ts'
import { memFiles } from './mem-files.ts'
import { simClock, type SimClock } from './sim-clock.ts'

/** Counts what is in flight, so that a virtual clock knows when everybody waits for it. */
export type Activity = {
  readonly isIdle: () => boolean
  track<T>(work: () => Promise<T>): Promise<T>
}

/** Nothing in flight. */
export function newActivity(): Activity {
  let inFlight = 0
  return {
    isIdle: () => inFlight === 0,
    track: async (work) => {
      inFlight++
      try {
        return await work()
      } finally {
        inFlight--
      }
    },
  }
}

/** An Http that remembers what it was asked. */
export type CountedHttp = Http & {
  readonly requests: readonly HttpRequest[]
  /** The most requests that were in flight at once. */
  inFlightMax(): number
}

/** `inner`, counted. */
export function countedHttp(inner: Http, activity: Activity = newActivity()): CountedHttp {
  const requests: HttpRequest[] = []
  let inFlight = 0
  let most = 0
  const count = async <T>(request: HttpRequest, send: () => Promise<T>): Promise<T> => {
    requests.push(request)
    most = Math.max(most, ++inFlight)
    try {
      return await activity.track(send)
    } finally {
      inFlight--
    }
  }
  return {
    requests,
    inFlightMax: () => most,
    get: (request) => count(request, () => inner.get(request)),
    stream: (request) =>
      count(request, async () => {
        const answer = await inner.stream(request)
        return { ...answer, chunks: trackChunks(answer.chunks, activity) }
      }),
    close: () => inner.close(),
  }
}

async function* trackChunks(
  chunks: AsyncIterable<Uint8Array>,
  activity: Activity,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await activity.track(() => iterator.next())
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

/** System calls that count as activity. */
export function trackedCalls(inner: FsCalls, activity: Activity): FsCalls {
  const wrapped = Object.entries(inner).map(([name, call]) => [
    name,
    (...args: unknown[]) =>
      activity.track(() => (call as (...args: unknown[]) => Promise<unknown>)(...args)),
  ])
  return Object.fromEntries(wrapped) as FsCalls
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0
      let word = Math.imul(state ^ (state >>> 15), state | 1)
      word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
      return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
    },
  }
}

/** A process that can be killed. */
export type SimProcess = ProcessIdentity & { kill(): void }

/** The processes of a machine, or of several. */
export type SimProcesses = {
  spawn(where?: { readonly host?: string; readonly bootId?: string }): SimProcess
}

/** Nobody lives yet. */
export function simProcesses(): SimProcesses {
  const alive = new Set<string>()
  let lastPid = 100
  const name = (host: string, pid: number): string => `${host}/${pid}`
  return {
    spawn: ({ host = 'here', bootId = 'boot-1' } = {}) => {
      const pid = ++lastPid
      alive.add(name(host, pid))
      return {
        pid,
        host,
        bootId,
        startedAt: `start-${pid}`,
        isAlive: (owner) =>
          owner.host === host && owner.bootId === bootId
            ? alive.has(name(owner.host, owner.pid))
            : undefined,
        kill: () => {
          alive.delete(name(host, pid))
        },
      }
    },
  }
}

/** What a simulated world is made of; all of it has a default. */
export type SimWorldOptions = {
  readonly start?: Micros
  readonly seed?: number
  /** A directory for real files; without it they are in memory. */
  readonly dataDir?: string
  /** System calls for `dataDir`; default those of this machine. */
  readonly calls?: FsCalls
  readonly files?: Files
  /** The exchange; by default nobody answers. */
  readonly http?: Http
  readonly process?: ProcessIdentity
  /** To share one clock among several worlds. */
  readonly clock?: SimClock
  readonly activity?: Activity
}

/** A world with virtual time. */
export type SimWorld = World & {
  readonly clock: SimClock
  readonly http: CountedHttp
  readonly activity: Activity
}

/** Puts a world together. Whoever shares a clock shares its activity too. */
export function simWorld(options: SimWorldOptions = {}): SimWorld {
  const { seed = 1, dataDir, activity = newActivity(), calls = nodeFsCalls, start } = options
  const clock =
    options.clock ?? simClock({ isIdle: activity.isIdle, ...(start !== undefined && { start }) })
  const onDisk =
    dataDir === undefined ? undefined : nodeFiles(dataDir, trackedCalls(calls, activity))
  const files = options.files ?? onDisk ?? memFiles()
  return {
    clock,
    activity,
    random: seededRandom(seed),
    files,
    state: () => ({ files, directory: 'state' }),
    http: countedHttp(options.http ?? deadHttp, activity),
    process: options.process ?? simProcesses().spawn(),
  }
}

const refuse = async (): Promise<never> => {
  throw new TransportError('nobody answers in this world')
}
const deadHttp: Http = { get: refuse, stream: refuse, close: async () => undefined }
