/**
 * The gate that every request passes: open, closed for a while (429, 418, 403), or closed for good (451). A ban and a
 * quarantine are kept on this machine, so that its next process respects them too, whichever lake it works for.
 */

import { BannedError, isChanged, StoreError } from '../base/errors.ts'
import type { OneWay } from '../base/egress.ts'
import type { Clock, Expected, Memory, Random } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { formatMicros, micros, parseMicros, type Micros } from '../base/time.ts'
import { WAIT_MS_MIN, type Wait } from '../base/wait.ts'

/** Where a ban is recorded, in what the machine remembers of the exchange. */
export const BAN_PATH = '_ban.json'

/** Where a ban of an address is recorded that the user names. */
function banPathOf(address: string | undefined): string {
  return address === undefined ? BAN_PATH : `_ban.${address.replaceAll(':', '-')}.json`
}

/** The firewall's quarantine: "usually 5 minutes, may be extended" (Binance support, 360004492232). */
const BLOCK_MS = 300_000
const BLOCK_MS_MAX = 3 * 86_400_000

/** Reports that requests pause, and for how long. */
export type OnWait = (wait: Wait) => void

/** The errors recorded on disk. */
type Remembered = 'E_BANNED' | 'E_BLOCKED'

const WORDS: Readonly<Record<Remembered, string>> = {
  E_BANNED: 'banned by the exchange',
  E_BLOCKED: "stopped by the exchange's firewall",
}

type Ban = { readonly until: Micros; readonly code: Remembered }

type Shut = {
  readonly untilMs: number
  readonly code: BannedError['code']
  readonly reason: string
  /** The file it is known from, where this process received no such answer. */
  readonly file: string | undefined
}

/** What a gate is made with. */
export type GateOptions = {
  /** Whose hosts are behind it, by their names. */
  readonly exchanges: readonly string[]
  readonly maxWaitMs: number
  readonly onWait: OnWait
}

/** Stops all requests while the exchange accepts none. */
export class Gate {
  readonly #clock: Clock
  readonly #random: Random
  /** What is remembered of each exchange behind the gate. */
  readonly #memories: ReadonlyMap<string, Memory>
  readonly #path: string
  readonly #maxWaitMs: number
  readonly #onWait: OnWait
  #shut: Shut | undefined
  #forGood: BannedError | undefined
  #isLoaded = false
  #blockMs = BLOCK_MS
  #remembering: Promise<void> = Promise.resolve()
  /** How long the gate has been closed since the last success. */
  #shutMs = 0

  constructor(
    world: Pick<OneWay, 'clock' | 'random' | 'egress' | 'state'>,
    { exchanges, maxWaitMs, onWait }: GateOptions,
  ) {
    this.#clock = world.clock
    this.#random = world.random
    const { state } = world
    this.#memories = new Map(state && exchanges.map((name) => [name, state(name)]))
    this.#path = banPathOf(world.egress?.name)
    this.#maxWaitMs = maxWaitMs
    this.#onWait = onWait
  }

  /**
   * Reads the deadlines of bans and quarantines from earlier processes, once: what is on the disk later is of this one.
   * The address that a process uses which names none may be the same as one that is named. Call before the first request.
   */
  async load(): Promise<void> {
    if (this.#isLoaded) return
    this.#isLoaded = true
    const found: (Ban & { readonly file: string })[] = []
    for (const memory of this.#memories.values())
      for (const path of new Set([this.#path, BAN_PATH])) {
        const { ban } = await remembered(memory, path)
        if (ban !== undefined) found.push({ ...ban, file: `${memory.directory}/${path}` })
      }
    const [last] = found.sort((a, b) => (a.until < b.until ? 1 : -1))
    const ms = last === undefined ? 0 : Number(last.until - this.#clock.now()) / 1_000
    if (last === undefined || ms <= 0) return
    const reason = `${WORDS[last.code]} until then, as an earlier run recorded`
    this.#close(ms, last.code, reason, last.file)
  }

  /** May requests be sent right now? */
  get isOpen(): boolean {
    return this.remainingMs === 0
  }

  /** Milliseconds until requests may be sent. */
  get remainingMs(): number {
    return this.#forGood === undefined ? this.#remainingMs() : Number.POSITIVE_INFINITY
  }

  /**
   * Resolves when requests may be sent.
   *
   * @throws BannedError when that is later than the user wants to wait, or never.
   */
  async pass(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      if (this.#forGood !== undefined) throw this.#forGood
      const ms = this.#remainingMs()
      if (ms === 0 || this.#shut === undefined) return
      if (Math.max(ms, this.#shutMs) > this.#maxWaitMs) throw tooLong(this.#shut, ms)
      await this.#clock.sleep(ms, signal)
    }
  }

  /** 429: closes for `ms`, and a little longer, so that not all processes return at once. */
  limited(ms: number, reason: string): void {
    this.#close(ms + 250 + this.#random.next() * 750, 'E_RATE_LIMITED', reason)
  }

  /** 418: closes for `ms` and records it on disk, as of the exchange that says so. */
  async banned(exchange: string, ms: number, reason: string): Promise<void> {
    this.#close(ms + 1_000, 'E_BANNED', reason)
    await this.#remember(exchange, ms + 1_000, 'E_BANNED', reason)
  }

  /** 403 from the firewall: closes for five minutes, doubling while nothing succeeds in between; recorded on disk. */
  async blocked(exchange: string, reason: string): Promise<void> {
    if (this.#remainingMs() > 0 && this.#shut?.code === 'E_BLOCKED') return
    const ms = this.#blockMs
    this.#blockMs = Math.min(BLOCK_MS_MAX, ms * 2)
    this.#close(ms, 'E_BLOCKED', reason)
    await this.#remember(exchange, ms, 'E_BLOCKED', reason)
  }

  /** 451: closes for good. */
  refused(reason: string): BannedError {
    this.#forGood = new BannedError('E_REGION', `not served from this location: ${reason}`, {
      hint: 'The exchange does not offer its service in this location; its public archive may be reachable.',
    })
    return this.#forGood
  }

  /** A success: the firewall no longer blocks. While requests are stopped, answers to earlier ones prove nothing. */
  succeeded(): void {
    if (this.#remainingMs() > 0) return
    this.#blockMs = BLOCK_MS
    this.#shutMs = 0
  }

  /** Several requests may receive deadlines at once or one after the other: the latest is kept. */
  async #remember(exchange: string, ms: number, code: Remembered, reason: string): Promise<void> {
    const memory = this.#memories.get(exchange)
    if (memory === undefined) return
    const until = micros(this.#clock.now() + BigInt(Math.ceil(ms)) * 1_000n)
    const done = this.#remembering.then(() =>
      rememberUntil(memory, this.#path, { until, code }, reason),
    )
    this.#remembering = done.catch(() => undefined)
    await done
  }

  #remainingMs(): number {
    return Math.max(0, (this.#shut?.untilMs ?? 0) - this.#clock.monotonicMs())
  }

  #close(ms: number, code: BannedError['code'], reason: string, file?: string): void {
    const untilMs = this.#clock.monotonicMs() + ms
    if (this.#shut !== undefined && this.#shut.untilMs >= untilMs) return
    const remainingMs = this.#remainingMs()
    this.#shutMs += ms - remainingMs
    this.#shut = { untilMs, code, reason, file }
    // A wait that is too long ends the run with its own error.
    if (remainingMs > 0 || Math.max(ms, this.#shutMs) > this.#maxWaitMs) return
    if (ms <= WAIT_MS_MIN) return
    this.#onWait({ reason: code === 'E_RATE_LIMITED' ? 'limit' : 'ban', ms, message: reason })
  }
}

function tooLong({ code, reason, file }: Shut, ms: number): BannedError {
  const seconds = Math.ceil(ms / 1_000)
  const hint = `Run again in ${seconds} s, or allow the wait with --max-wait ${seconds}; requests before then lengthen a ban.`
  return new BannedError(code, `the exchange accepts no requests for ${seconds} s: ${reason}`, {
    retryAfterMs: ms,
    hint: file === undefined ? hint : `${hint} ${forgetText(file)}`,
  })
}

/** Whatever wrote the file, such as a clock that was wrong then, it must not stop all runs for ever. */
function forgetText(file: string): string {
  return `If no such ban is known, delete ${quoteText(file, 300)}.`
}

async function remembered(
  { files }: Memory,
  path: string,
): Promise<{ readonly ban: Ban | undefined; readonly version: Expected }> {
  const found = await files.read(path).catch(unlessStore)
  if (found === undefined) return { ban: undefined, version: 'absent' }
  return { ban: parseBan(new TextDecoder().decode(found.bytes)), version: found.version }
}

async function rememberUntil(
  memory: Memory,
  path: string,
  { until, code }: Ban,
  reason: string,
): Promise<void> {
  const { ban, version } = await remembered(memory, path)
  if (ban !== undefined && ban.until >= until) return
  const text = `${JSON.stringify({ until: formatMicros(until), code, reason })}\n`
  try {
    await memory.files.replace(path, new TextEncoder().encode(text), version)
  } catch (error) {
    // Another process received a ban at the same moment: which one ends later?
    if (isChanged(error)) await rememberUntil(memory, path, { until, code }, reason)
    else unlessStore(error)
  }
}

/** A machine that cannot remember asks again after all: if the ban still holds, the exchange says so. */
function unlessStore(error: unknown): undefined {
  if (!(error instanceof StoreError)) throw error
}

function parseBan(text: string): Ban | undefined {
  try {
    const { until, code } = JSON.parse(text) as { until?: unknown; code?: unknown }
    if (typeof until !== 'string') return undefined
    return { until: parseMicros(until), code: code === 'E_BLOCKED' ? code : 'E_BANNED' }
  } catch {
    // A damaged ban file is no reason to stop: if the ban still holds, the exchange says so again.
    return undefined
  }
}
