/**
 * The other processes of this machine that send from the same address to the same exchange. One of them keeps the budget
 * for all; the others ask it for each request, after their own budgets, which know no more than their own answers, have
 * admitted it. When the keeper ends, another one takes its place.
 */

import type { Clock, Line, Meetings } from '../base/ports.ts'
import type { RateLimit, RequestPoolName } from '../binance/limit.ts'
import type { Closing, OnWait } from './gate.ts'
import { Keeper, type Kept } from './keeper.ts'
import { readFromKeeper, type FromKeeper, type ToKeeper } from './keeper-messages.ts'

/** A keeper that says nothing for so long while it is asked is stopped, as by Ctrl-Z. */
const SILENCE_MS = 5_000
/** How long a process goes on by itself then, before it looks for a keeper again. */
const ALONE_MS = 60_000

/** What is asked of the keeper. */
export type Request =
  { readonly path: string; readonly weight: number } | { readonly pool: RequestPoolName }

/** How neighbours meet. */
export type NeighbourOptions = {
  readonly clock: Clock
  readonly meetings: Meetings
  /** The same for all that share, and only for those. */
  readonly name: string
  readonly share: number
  readonly onWait: OnWait
}

/** This process among its neighbours. */
export class Neighbours {
  readonly #options: NeighbourOptions
  readonly #kept: Kept
  readonly #keeper: Keeper
  /** Asked for, with what is called once it is known whether they are admitted. */
  readonly #waiting = new Map<number, (isAdmitted: boolean) => void>()
  /** Admitted by a keeper, and under way. */
  readonly #sent = new Map<number, { readonly path: string; readonly weight: number }>()
  #limits: readonly RateLimit[] | undefined
  #ids = 0
  #losses = 0
  /** The line to the keeper, where that is another process. */
  #line: Line | undefined
  #isKeeper = false
  /** Did a keeper end without telling what it had counted? */
  #isUncounted = false
  #aloneUntilMs = Number.NEGATIVE_INFINITY
  #heardMs = 0
  #joining: Promise<void> | undefined
  #watching: AbortController | undefined

  constructor(kept: Kept, options: NeighbourOptions) {
    this.#kept = kept
    this.#options = options
    this.#keeper = new Keeper(kept)
    kept.gate.onClose = (closing) => {
      this.#tellClosed(closing)
    }
  }

  /** How often a keeper was lost whose place this process took, without knowing what it had counted. */
  get losses(): number {
    return this.#losses
  }

  /** Finds the keeper, or becomes it. */
  async join(): Promise<void> {
    await this.#lineToKeeper()
  }

  /**
   * Resolves when the keeper admits a request, to its number there; `undefined` where nobody else must be asked.
   *
   * @param signal - Stops waiting; rejects with its reason.
   */
  async admit(request: Request, signal?: AbortSignal): Promise<number | undefined> {
    for (;;) {
      signal?.throwIfAborted()
      const line = await this.#lineToKeeper()
      if (line === undefined) return undefined
      const id = this.#ids++
      if (await this.#ask(line, id, request, signal)) {
        if ('path' in request) this.#sent.set(id, request)
        return id
      }
    }
  }

  /** The answer to a request that was admitted, with the headers that tell of limits. */
  settle(id: number, headers: Readonly<Record<string, string>>): void {
    if (this.#sent.delete(id)) this.#tell({ kind: 'settle', id, headers })
  }

  /** A request that was admitted is not sent. */
  release(id: number): void {
    if (this.#sent.delete(id)) this.#tell({ kind: 'release', id })
  }

  /** Tells the keeper which limits the exchange states. */
  limits(limits: readonly RateLimit[]): void {
    this.#limits = limits
    this.#tell({ kind: 'limits', limits })
  }

  /** Tells the keeper to go on more slowly. */
  slowDown(pool?: RequestPoolName): void {
    this.#tell(pool === undefined ? { kind: 'slowDown' } : { kind: 'slowDownPool', pool })
  }

  #tell(message: ToKeeper): void {
    this.#line?.send(message)
  }

  #tellClosed(closing: Closing): void {
    this.#keeper.closed(closing)
    this.#tell({ kind: 'closed', ...closing })
  }

  /** Resolves to whether the request was admitted; it is not where the line ended. */
  async #ask(
    line: Line,
    id: number,
    request: Request,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { share } = this.#options
    let onAbort = (): void => undefined
    const answered = new Promise<boolean>((done, stop) => {
      this.#waiting.set(id, done)
      onAbort = () => {
        stop(signal?.reason as Error)
      }
    })
    signal?.addEventListener('abort', onAbort)
    if ('pool' in request) this.#tell({ kind: 'askPool', id, ...request })
    else this.#tell({ kind: 'ask', id, ...request, share })
    if (this.#waiting.size === 1) void this.#watch(line)
    try {
      return await answered
    } catch (error) {
      this.#tell({ kind: 'release', id })
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) this.#watching?.abort()
    }
  }

  /** While something is awaited, keeps the process alive, and leaves a keeper of which nothing is heard any more. */
  async #watch(line: Line): Promise<void> {
    const { clock } = this.#options
    const watching = new AbortController()
    this.#watching = watching
    this.#heardMs = clock.monotonicMs()
    while (!watching.signal.aborted) {
      await clock.sleep(SILENCE_MS, watching.signal).catch(() => undefined)
      const silentMs = clock.monotonicMs() - this.#heardMs
      if (silentMs >= 2 * SILENCE_MS) this.#leave(line)
      else if (silentMs >= SILENCE_MS) this.#tell({ kind: 'ping' })
    }
  }

  /** Goes on alone for a while. */
  #leave(line: Line): void {
    this.#aloneUntilMs = this.#options.clock.monotonicMs() + ALONE_MS
    this.#lost(line)
    line.close()
  }

  async #lineToKeeper(): Promise<Line | undefined> {
    if (this.#isKeeper || this.#line !== undefined) return this.#line
    if (this.#options.clock.monotonicMs() < this.#aloneUntilMs) return undefined
    this.#joining ??= this.#join().finally(() => (this.#joining = undefined))
    await this.#joining
    return this.#line
  }

  async #join(): Promise<void> {
    const { clock, meetings, name } = this.#options
    try {
      const serve = (guest: Line): void => {
        this.#keeper.serve(guest)
      }
      const line = await meetings.meet(name, serve, () => this.#keeper.farewell())
      if (line === undefined) this.#preside()
      else this.#follow(line)
    } catch {
      // Where processes cannot meet, the answers tell of the others.
      this.#aloneUntilMs = clock.monotonicMs() + ALONE_MS
    }
  }

  #preside(): void {
    this.#isKeeper = true
    if (!this.#isUncounted) return
    this.#losses += 1
    this.#kept.budget.fill()
    for (const pool of Object.values(this.#kept.requests)) pool.fill()
  }

  #follow(line: Line): void {
    this.#line = line
    this.#isUncounted = true
    line.hear(
      (message) => {
        const read = readFromKeeper(message)
        if (read !== undefined && this.#line === line) this.#heard(read)
      },
      () => {
        this.#lost(line)
      },
    )
    if (this.#limits !== undefined) this.#tell({ kind: 'limits', limits: this.#limits })
    for (const [id, request] of this.#sent) this.#tell({ kind: 'sent', id, ...request })
  }

  #lost(line: Line): void {
    if (this.#line !== line) return
    this.#line = undefined
    for (const done of this.#waiting.values()) done(false)
    // The next keeper must know at once what is under way, also of a process that asks for nothing more.
    if (this.#sent.size > 0) void this.#lineToKeeper()
  }

  #heard(message: FromKeeper): void {
    const { budget, requests, gate } = this.#kept
    this.#heardMs = this.#options.clock.monotonicMs()
    switch (message.kind) {
      case 'admitted':
        this.#waiting.get(message.id)?.(true)
        return
      case 'wait': {
        const { ms, message: text } = message
        if (this.#waiting.size > 0) this.#options.onWait({ reason: 'budget', ms, message: text })
        return
      }
      case 'closed':
        gate.hear(message)
        return
      case 'farewell':
        this.#isUncounted = false
        budget.heard(message.uses)
        requests.funding.heard(message.ages.funding)
        requests.data.heard(message.ages.data)
        return
      case 'pong':
    }
  }
}
