/** Measures how fast the sources are, while a call uses them. */

import { withHttp } from '../base/egress.ts'
import type { Clock, Http, HttpStream, World } from '../base/ports.ts'
import { checksumPath } from '../binance/archive.ts'
import { bytesPerSecond, type FileWork } from '../plan/cost.ts'
import type { Measured } from '../plan/speed.ts'
import { Stopwatch } from './stopwatch.ts'

/** Of so many answers the newest ones count. */
const ANSWERS_MAX = 101
/** Fewer bytes than this tell more of latency than of speed: too little for a choice. */
const BYTES_MIN = 4_000_000
/** A file takes two round trips: its checksum, and its first byte. */
const TRIPS_PER_FILE = 2

/** The speed of both sources, from what passes through. */
export class Speedometer {
  readonly #clock: Clock
  readonly #pages: number[] = []
  readonly #trips: number[] = []
  readonly #listings: number[] = []
  readonly #storing: Stopwatch
  readonly #files = { files: 0, bytes: 0 }
  #pageCount = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#storing = new Stopwatch(clock)
  }

  /** `world`, as far as REST is asked in it. */
  rest(world: World): World {
    return withHttp(world, (http) => {
      const get = this.#timed(http.get.bind(http), this.#pages)
      return {
        get: async (request) => {
          const answer = await get(request)
          this.#pageCount += 1
          return answer
        },
        stream: (request) => http.stream(request),
        close: () => http.close(),
      }
    })
  }

  /** `world`, as far as the archive is asked in it. */
  archive(world: World): World {
    const { http } = world
    const get = http.get.bind(http)
    const trip = this.#timed(get, this.#trips)
    const listing = this.#timed(get, this.#listings)
    const timed: Http = {
      get: (request) => (request.url.endsWith(checksumPath('')) ? trip(request) : listing(request)),
      stream: async (request) => {
        const answer = await http.stream(request)
        this.#files.files += 1
        return { ...answer, chunks: this.#counted(answer) }
      },
      close: () => http.close(),
    }
    return { ...world, http: timed }
  }

  /** Files are stored while this work goes on. */
  storing<T>(work: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    return this.#storing.during(work)
  }

  /** Answers of REST; files that have come or are coming, and their bytes. */
  get arrived(): { readonly pages: number; readonly files: FileWork } {
    return { pages: this.#pageCount, files: this.#files }
  }

  /** What was measured so far. @param bytesMin - So many bytes must have come to tell how fast they do. */
  measured(bytesMin: number = BYTES_MIN): Measured {
    const page = quantile(this.#pages, 0.5)
    const file = fileIn(this.#trips)
    const { fileSeconds = 0 } = file
    const seconds = this.#storing.seconds()
    return {
      ...(page === undefined ? {} : { pageSeconds: page / 1_000 }),
      ...file,
      ...(this.#files.bytes < bytesMin || seconds <= 0
        ? {}
        : { bytesPerSecond: bytesPerSecond(this.#files, seconds, fileSeconds) }),
    }
  }

  /** How long a file may take where none was asked for yet: the listing lies elsewhere, but not far from it. */
  supposed(): Measured {
    return fileIn(this.#listings)
  }

  #timed(get: Http['get'], into: number[]): Http['get'] {
    return async (request) => {
      const sentMs = this.#clock.monotonicMs()
      const answer = await get(request)
      // What refuses has not done the work.
      if (answer.status < 400) into.push(this.#clock.monotonicMs() - sentMs)
      if (into.length > ANSWERS_MAX) into.shift()
      return answer
    }
  }

  async *#counted({ chunks }: HttpStream): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of chunks) {
      this.#files.bytes += chunk.length
      yield chunk
    }
  }
}

/**
 * By the quick ones: others came while files were unpacked, and waited for the processor. That time is in the bytes per
 * second already.
 */
function fileIn(trips: readonly number[]): Measured {
  const trip = quantile(trips, 0.25)
  return trip === undefined ? {} : { fileSeconds: (TRIPS_PER_FILE * trip) / 1_000 }
}

/** The lower one of two: at the start an answer is either nothing, or all that the exchange knows. */
function quantile(values: readonly number[], share: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]
}
