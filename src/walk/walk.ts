/** What all walks share: pages in, steps out, in order, with several requests in flight. */

import { micros, type Micros } from '../base/time.ts'
import type { Page } from '../rows/page.ts'

/** Parameters of one request besides the symbol, under Binance's names. */
export type PageParams = {
  readonly startTime?: bigint
  readonly endTime?: bigint
  readonly fromId?: bigint
  readonly orderId?: bigint
  readonly fromAllocationId?: bigint
  readonly limit: number
}

/** A time at least this large is in microseconds: the exchange accepts both units. */
const MICROS_MIN = 10n ** 14n

/** The end of the requested time, which is inclusive; `undefined` when the request names none. */
export function endOf({ endTime }: Pick<PageParams, 'endTime'>): Micros | undefined {
  if (endTime === undefined) return undefined
  return micros(endTime < MICROS_MIN ? (endTime + 1n) * 1_000n : endTime + 1n)
}

/** Times of a request in milliseconds, for markets that take no other; a start within one begins with the next. */
export function inMillis<P extends Pick<PageParams, 'startTime' | 'endTime'>>(params: P): P {
  const { startTime, endTime } = params
  return {
    ...params,
    ...(startTime !== undefined && startTime >= MICROS_MIN && { startTime: ceilMillis(startTime) }),
    ...(endTime !== undefined && endTime >= MICROS_MIN && { endTime: endTime / 1_000n }),
  }
}

function ceilMillis(time: bigint): bigint {
  return (time + 999n) / 1_000n
}

/**
 * Requests one page until it is accepted.
 *
 * @param check - Throws DataError when the page is not what was requested; it is then requested once more.
 */
export type AskPage = (
  params: PageParams,
  check: (page: Page) => void,
  signal?: AbortSignal,
) => Promise<Page>

/** An empty answer counts only when it came this often. */
export const ASKS_MIN = 2

/** Requests the page again when it is empty. */
export async function askTwice(
  params: PageParams,
  ask: AskPage,
  check: (page: Page) => void,
  signal: AbortSignal | undefined,
): Promise<Page> {
  let page = await ask(params, check, signal)
  for (let asks = 1; page.rowCount === 0 && asks < ASKS_MIN; asks++)
    page = await ask(params, check, signal)
  return page
}

/** What a walk may assume, and how many requests it may send ahead. */
export type WalkOptions = {
  readonly limit: number
  /** Most requests in flight for this series. */
  readonly readAhead: number
  /** Does the lake hold rows of this series before the window? `undefined`: not known. */
  readonly hasRowsBefore: boolean
  readonly signal?: AbortSignal | undefined
}

/** One request sent ahead. */
export type Ahead<K, T> = { readonly task: K; readonly result: Promise<T> }

/**
 * Runs tasks ahead of their consumer, in order.
 *
 * The depth starts at `depth`, by default one, and doubles with each result taken: a short walk wastes no request at its
 * end, and a long one fills the line.
 */
export class ReadAhead<K, T> {
  readonly #run: (task: K, signal: AbortSignal) => Promise<T>
  readonly #depthMax: number
  readonly #pending: Ahead<K, T>[] = []
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  #depth: number

  constructor(
    run: (task: K, signal: AbortSignal) => Promise<T>,
    depthMax: number,
    signal: AbortSignal | undefined,
    depth = 1,
  ) {
    this.#run = run
    this.#depthMax = depthMax
    this.#depth = depth
    this.#signal =
      signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal])
  }

  /** Takes the next result, after sending as many tasks of `next` as the depth and `wanted` allow. */
  async take(
    next: () => K | undefined,
    wanted: number = Number.POSITIVE_INFINITY,
  ): Promise<{ task: K; value: T } | undefined> {
    const depth = Math.max(1, Math.min(this.#depth, this.#depthMax, wanted))
    while (this.#pending.length < depth) {
      const task = next()
      if (task === undefined) break
      const result = this.#run(task, this.#signal)
      // A failure is thrown when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined)
      this.#pending.push({ task, result })
    }
    const head = this.#pending.shift()
    if (head === undefined) return undefined
    const value = await head.result
    this.#depth = Math.min(this.#depthMax, this.#depth * 2)
    return { task: head.task, value }
  }

  /** Cancels what was sent ahead; queued requests are not sent any more. */
  close(): void {
    this.#pending.length = 0
    this.#abort.abort()
  }
}
