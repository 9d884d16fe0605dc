/**
 * One request, answered: queued, paid for from the budget, sent to a healthy host, judged, and tried again while that
 * makes sense. An answer counts only once its reader has accepted the whole body.
 */

import { BackfillError, DataError, TransportError } from '../base/errors.ts'
import type { HttpAnswer, World } from '../base/ports.ts'
import { exchangeOf, exchangesOf } from '../binance/host.ts'
import type { RateLimit, RequestPoolName } from '../binance/limit.ts'
import { SPOT_REST, type RestFacts } from '../binance/rest.ts'
import { isLate, judge, type Verdict } from '../binance/verdict.ts'
import type { Ticket, WeightBudget } from './budget.ts'
import {
  assertNotAhead,
  checkDate,
  ClockSync,
  OutdatedError,
  serverMs,
  timeQuery,
} from './clock-reading.ts'
import type { ClockVerdict } from './clock-check.ts'
import { accept, blockedFor, isUnreadable, refusal, retryOf } from './failure.ts'
import { Gate } from './gate.ts'
import { Hosts, type HostHealth } from './hosts.ts'
import { Lines } from './lines.ts'
import { newPool, type Pool } from './pool.ts'
import { PING_TIMEOUT_MS, rankHosts } from './probe.ts'
import { queryText, type HostList, type Query, type Sign } from './query.ts'
import { Retries, type Patience, type Trial } from './retries.ts'
import type { Attempted, Sending } from './sending.ts'
import type { ServerClock } from './server-clock.ts'

export type { Query, Sign } from './query.ts'
/** The total deadline of one attempt: the server itself gives up after 10 s (rest-api.md, General Information). */
const ATTEMPT_MS = 20_000
/** How long a request blocked by the firewall lets the others go first, once requests may be sent again. */
const BLOCKED_LAG_MS = 10_000
/** An impossible answer is requested once more, in case a proxy damaged it. */
const REFUSALS_MAX = 2

/** Options of a gateway. */
export type GatewayOptions = Patience & {
  readonly publicUrls: readonly string[]
  readonly apiUrls: readonly string[]
  readonly limits: readonly RateLimit[]
  readonly share: number
  readonly concurrency: number
  readonly accept: string
  /** The market's paths and headers. Default those of spot. */
  readonly rest?: RestFacts
  /** What is shared with other markets. Default: nothing. */
  readonly pool?: Pool
  readonly extraHeaders?: Readonly<Record<string, string>>
  /** Called when the server's clock is in doubt. */
  readonly onWarning?: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/** Requests and weight spent so far. */
export type Spent = { readonly requests: number; readonly weight: number }

/** Sends all requests to one market. One per process; its pool applies to everything that is sent to the pool's markets. */
export class Gateway {
  readonly server: ServerClock
  readonly budget: WeightBudget
  readonly gate: Gate
  /** What this market's hosts refuse, the others of its pool may serve. */
  readonly #door: Gate
  readonly #world: World
  readonly #options: GatewayOptions
  readonly #lines: Lines
  readonly #retries: Retries
  readonly #hosts: Record<HostList, Hosts>
  readonly #spent = { requests: 0, weight: 0 }
  readonly #sync: ClockSync

  constructor(world: World, options: GatewayOptions) {
    this.#world = world
    this.#options = options
    const exchanges = exchangesOf([...options.publicUrls, ...options.apiUrls])
    const own = { ...options, exchanges }
    const { pool = newPool(world, own), rest = SPOT_REST } = options
    this.server = pool.server
    this.budget = pool.budget
    this.gate = pool.gate
    this.#door = options.pool === undefined ? pool.gate : new Gate(world, own)
    this.#retries = new Retries(world, options)
    this.#sync = new ClockSync(world.clock, this.server, {
      ask: (read, onSend) => {
        // With the signal of the whole run: a reading that many wait for must not end with the request that began it.
        const query = { ...timeQuery(rest.timePath), signal: options.signal }
        const send = (trial: Trial): Promise<ClockVerdict> =>
          this.#attempts(query, read, { onSend, trial })
        return this.#retries.during(send, true)
      },
      onWarning: options.onWarning,
    })
    this.#lines = new Lines(options.concurrency, pool.requests)
    const hosts = new Hosts(options.publicUrls)
    const isSame = options.apiUrls === options.publicUrls
    this.#hosts = { public: hosts, api: isSame ? hosts : new Hosts(options.apiUrls) }
  }

  /** Everything sent so far, failed attempts included. */
  get spent(): Spent {
    return { ...this.#spent }
  }

  /** Requests that each span of a pool that counts them may have. */
  requestsIn(pool: RequestPoolName): number {
    return this.#lines.requestsIn(pool)
  }

  /** The state of each host of a list, in order of preference. */
  health(list: HostList): readonly HostHealth[] {
    return this.#hosts[list].health(this.#world.clock.monotonicMs())
  }

  /** From now on prefers the hosts of a list that answer fastest. */
  async preferFastest(list: HostList): Promise<void> {
    await rankHosts(this.#hosts[list], (url) => this.#ping(url, list))
  }

  async #ping(url: string, hosts: HostList): Promise<number | undefined> {
    const { clock } = this.#world
    const { signal } = this.#options
    const query: Query = {
      path: (this.#options.rest ?? SPOT_REST).pingPath,
      params: [],
      weight: 1,
      timeoutMs: PING_TIMEOUT_MS,
      hosts,
      signal,
    }
    let sentMs = 0
    const onSend = (): void => void (sentMs = clock.monotonicMs())
    const outcome = await this.#lines.add(query, () => this.#attempt(query, url, undefined, onSend))
    const ms = clock.monotonicMs() - sentMs
    if (outcome instanceof TransportError) return undefined
    const { verdict, answer } = outcome
    if (verdict.kind === 'accept') return ms
    if (verdict.kind === 'retry' || verdict.kind === 'reject') return undefined
    if (verdict.kind === 'block') await this.#door.blocked(exchangeOf(url), verdict.reason)
    const error = refusal(answer.status, verdict)
    await this.#retries.during((trial) =>
      this.#react(verdict, { query, url, attempt: 1, trial, error }),
    )
    return undefined
  }

  /**
   * Sends a query until `read` accepts an answer.
   *
   * @param read - Turns a whole body into a value; throws TransportError for a body that is not what was requested, and
   * DataError for one that cannot be true.
   * @throws RejectedError, UnreachableError, BannedError, DataError, ClockError, or the signal's reason.
   */
  async ask<T>(query: Query, read: (answer: HttpAnswer) => T, sign?: Sign): Promise<T> {
    await this.#knowNow(query.signal)
    let sentAt = this.server.past()
    const onSend = (): void => void (sentAt = this.server.past())
    const readDated = (answer: HttpAnswer): T => {
      checkDate(answer, query.path, query.until ?? sentAt)
      return read(answer)
    }
    return this.#retries.during((trial) =>
      this.#attempts(query, readDated, { sign, onSend, trial }),
    )
  }

  /** @throws ClockError when the run relied on a moment that was not past. */
  async #knowNow(signal: AbortSignal | undefined): Promise<void> {
    await this.sync(signal)
    assertNotAhead(this.server)
  }

  /** Reads the server's clock if a reading is due. */
  async sync(signal?: AbortSignal): Promise<void> {
    await this.#sync.whenDue()
    signal?.throwIfAborted()
  }

  async #attempts<T>(
    query: Query,
    read: (answer: HttpAnswer) => T,
    { sign, onSend, trial }: Sending,
  ): Promise<T> {
    let limit = query.limit
    let refusals = 0
    let blocks = 0
    let hasResynced = false
    for (let attempt = 1; ; attempt++) {
      const url = this.#url(query)
      const asked = { ...query, ...(limit === undefined ? {} : { limit }) }
      const outcome = await this.#lines.add(query, () => this.#attempt(asked, url, sign, onSend))
      const settled = outcome instanceof BackfillError ? outcome : accept(outcome, read)
      if (!(settled instanceof BackfillError)) {
        this.#retries.succeeded()
        this.gate.succeeded()
        this.#door.succeeded()
        return settled.value
      }
      if (settled instanceof DataError && ++refusals >= REFUSALS_MAX) throw settled
      if (settled instanceof OutdatedError) {
        // The clock may be wrong instead.
        this.server.forget()
        await this.#knowNow(query.signal)
      }
      const isUnread = outcome instanceof BackfillError || isUnreadable(outcome, settled)
      const verdict = isUnread ? retryOf(settled) : outcome.verdict
      if (sign !== undefined && !hasResynced && isLate(verdict)) {
        hasResynced = true
        this.server.forget()
        await this.sync(query.signal)
        continue
      }
      if (verdict.kind === 'block') await this.#door.blocked(exchangeOf(url), verdict.reason)
      if (verdict.kind === 'block' && ++blocks > 1) throw blockedFor(query, verdict.reason)
      if (verdict.kind === 'retry' && verdict.isSmaller && limit !== undefined)
        limit = Math.max(1, limit >> 1)
      await this.#react(verdict, { query, url, attempt, trial, error: settled })
    }
  }

  /** Waits as the verdict on a failed attempt says, or throws when another attempt is useless. */
  async #react(verdict: Verdict, { query, url, attempt, trial, error }: Attempted): Promise<void> {
    const { clock } = this.#world
    switch (verdict.kind) {
      case 'reject':
        throw error
      case 'region':
        throw this.#door.refused(verdict.reason)
      case 'wait':
        this.budget.slowDown()
        if (query.pool !== undefined) this.#lines.slowDown(query.pool)
        this.gate.limited(verdict.ms, verdict.reason)
        return
      case 'ban':
        await this.gate.banned(exchangeOf(url), verdict.ms, verdict.reason)
        return
      case 'block':
        // Other waiting requests go first: if they pass, it is this request that is blocked, not this address.
        await this.#door.pass(query.signal)
        await clock.sleep(BLOCKED_LAG_MS, query.signal)
        return
      case 'retry':
        this.#hosts[query.hosts].failed(url, clock.monotonicMs())
        break
      case 'accept':
        break
    }
    const atLeastMs = verdict.kind === 'retry' ? verdict.atLeastMs : 0
    const { path, signal } = query
    await this.#retries.pause(trial, { path, attempt, error, atLeastMs, signal })
  }

  #url({ hosts }: Query): string {
    return this.#hosts[hosts].pick(this.#world.clock.monotonicMs())
  }

  /** One attempt, holding one place of the queue. Returns the error when no whole answer came. */
  async #attempt(
    query: Query,
    url: string,
    sign: Sign | undefined,
    onSend: (() => void) | undefined,
  ): Promise<{ answer: HttpAnswer; verdict: Verdict } | TransportError> {
    const ticket = await this.#admit(query)
    const { clock, http } = this.#world
    const signed = sign?.(
      queryText(query),
      this.server.isKnown() ? this.server.stamp() : clock.now(),
    )
    const text = signed?.query ?? queryText(query)
    let answer: HttpAnswer | undefined
    try {
      this.#spent.requests += 1
      this.#spent.weight += ticket.weight
      onSend?.()
      answer = await http.get({
        url: `${url}${query.path}${text === '' ? '' : `?${text}`}`,
        headers: {
          accept: this.#options.accept,
          ...(this.#options.rest ?? SPOT_REST).headers,
          ...this.#options.extraHeaders,
          ...query.headers?.(),
          ...signed?.headers,
        },
        timeoutMs: query.timeoutMs ?? ATTEMPT_MS,
        sizeBytesMax: query.sizeBytesMax ?? 8 << 20,
        signal: query.signal,
      })
      return { answer, verdict: judge(answer, serverMs(this.server, answer, clock)) }
    } catch (error) {
      if (error instanceof TransportError) return error
      throw error
    } finally {
      this.budget.settle(ticket, answer?.header)
    }
  }

  /** Waits for the gates and the budget, until all allow the request at the same time. */
  async #admit(query: Query): Promise<Ticket> {
    for (;;) {
      await this.gate.pass(query.signal)
      await this.#door.pass(query.signal)
      const ticket = await this.budget.reserve(query.path, query.weight, query.signal)
      if (this.gate.isOpen && this.#door.isOpen) return ticket
      this.budget.release(ticket)
    }
  }
}
