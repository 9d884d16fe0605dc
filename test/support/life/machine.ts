/** The machine that a lake lives on: its disk, its clock, and processes that reach the exchange and the archive. */

import type { Http, HttpAnswer, HttpRequest, World } from '../../../src/base/ports.ts'
import { micros, type Micros } from '../../../src/base/time.ts'
import { nodeFiles } from '../../../src/node/files.ts'
import type { FsCalls } from '../../../src/node/fs-calls.ts'
import { ROOT } from '../crash-machine.ts'
import { simClock, type SimClock } from '../sim-clock.ts'
import { simDisk, type SimDisk } from '../sim-disk.ts'
import { seededRandom, simProcesses } from '../sim-world.ts'
import type { Depot } from './depot.ts'
import type { Answer, Host } from './host.ts'

/** Where the exchange answers. */
export const REST_URL = 'https://rest.test'
/** Where the archive answers. */
export const ARCHIVE_URL = 'https://archive.test'

/** A process on the machine. */
export type Booted = { readonly world: World; readonly clock: SimClock; readonly end: () => void }

/** The machine. */
export class LifeMachine {
  readonly disk: SimDisk = simDisk()
  readonly #processes = simProcesses()
  readonly #host: Host
  readonly #depot: Depot
  #now: Micros

  constructor(host: Host, depot: Depot, start: Micros) {
    this.#host = host
    this.#depot = depot
    this.#now = start
  }

  /** What the clock shows while nobody runs. */
  get now(): Micros {
    return this.#now
  }

  /** Lets time pass. */
  pass(minutes: number): void {
    this.#now = micros(this.#now + BigInt(minutes) * 60_000_000n)
  }

  /** Begins a process; beside `other`, it shares its clock. */
  boot(seed: number, calls: FsCalls = this.disk.calls, other?: Booted): Booted {
    const clock = other?.clock ?? simClock({ start: this.#now })
    const process = this.#processes.spawn()
    const world: World = {
      clock,
      random: seededRandom(seed),
      http: httpOf((url) => this.#answer(url, clock.now())),
      files: nodeFiles(ROOT, calls),
      process,
    }
    const end = (): void => {
      process.kill()
      if (other !== undefined) return
      this.#now = clock.now()
      clock.stop()
    }
    return { world, clock, end }
  }

  #answer(url: URL, now: Micros): Answer {
    return url.origin === ARCHIVE_URL ? this.#depot.answer(url, now) : this.#host.answer(url, now)
  }
}

function httpOf(answer: (url: URL) => Answer): Http {
  const get = async ({ url, signal }: HttpRequest): Promise<HttpAnswer> => {
    signal?.throwIfAborted()
    const { status, headers, body } = answer(new URL(url))
    return { status, header: (name) => headers[name], body }
  }
  return {
    get,
    stream: async (request) => {
      const { status, header, body } = await get(request)
      return { status, header, chunks: once(body) }
    },
    close: async () => undefined,
  }
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}
