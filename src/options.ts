/** The options that every call of the library takes; the CLI's shared flags, one to one. */

import type { World } from './base/ports.ts'
import type { Micros } from './base/time.ts'
import type { Compression, Source } from './job/job.ts'
import type { Measured } from './plan/speed.ts'

/** Default directory of the lake. */
export const DATA_DIR = 'data'

/** One of `count` parts of all series; `index` counts from 1. */
export type Shard = { readonly index: number; readonly count: number }

/** Options of every call that touches the lake or the exchange. */
export type Options = {
  /** The lake's directory. Default `data`. */
  readonly dataDir?: string
  /** REST endpoints in order of preference; default by dataset, see `binance/host.ts`. */
  readonly baseUrls?: readonly string[]
  /**
   * Which of several REST endpoints is asked first: the first of the list, or the one that answers soonest when each
   * is asked for nothing three times at the start (weight 3 a host). Default `listed`.
   */
  readonly prefer?: 'listed' | 'fastest'
  /** Where archives are downloaded; default `https://data.binance.vision`. */
  readonly archiveUrl?: string
  /** Overrides the jobs' `source`. */
  readonly source?: Source
  /** Share of the exchange's limits that this process may use, in (0, 1]. Default 0.9. */
  readonly weightShare?: number
  /** Requests in flight at most, from each address to each market. Default 8. */
  readonly concurrency?: number
  /**
   * Addresses of this machine to send from. Each has a budget of its own, and every page takes the one with the most
   * room; the archive is asked from the first. Default: the machine chooses.
   */
  readonly localAddresses?: readonly string[]
  /**
   * Processes of this machine that name the same share one budget, and one memory of bans. Default: the local address;
   * without one, all that name none.
   */
  readonly egress?: string
  /** Threads for reading and writing; 1 does all in one. Default: the processor's cores, at most 8. */
  readonly threads?: number
  /** Longest rate-limit or ban wait that is sat out, in milliseconds. Default 600,000. */
  readonly maxWaitMs?: number
  /** How long after its timestamp a signed request is good for; above 0 and at most 60,000. Default 5,000. */
  readonly recvWindowMs?: number
  /** Response format asked for. Default `json`. */
  readonly wire?: 'json' | 'sbe'
  /**
   * Only the series that fall to this shard, by a hash of their names: `count` calls, one for each index, do the work of
   * one. For calls that plan, run, verify, or tell the status. Default: all series.
   */
  readonly shard?: Shard
  /** Wait for another run's lock instead of failing, at most so many milliseconds. Default 0. */
  readonly waitLockMs?: number
  /** Asks covered windows again; differences become revisions. */
  readonly recheck?: { readonly from: Micros; readonly to: Micros }
  /** Reads again the checksums of the archives that rows were taken from, and takes replaced ones anew. */
  readonly refreshArchives?: boolean
  /** Keeps verified archives in this directory, and reuses them. */
  readonly keepArchives?: string
  /** Compression for new partitions of series whose job names none. */
  readonly compression?: Compression
  /** How fast the sources are, instead of what is measured: plans with the same figures choose the same sources. */
  readonly speed?: Measured
  /** Stops the call; what is whole is committed first. */
  readonly signal?: AbortSignal
  /** The machine; default the real one. */
  readonly world?: World
}
