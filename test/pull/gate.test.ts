/** The gate by itself: how long it is shut, what lasts on disk, and when waiting is given up. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { BannedError, StoppedError } from '../../src/base/errors.ts'
import type { Files, Memory } from '../../src/base/ports.ts'
import { BINANCE } from '../../src/binance/host.ts'
import { BAN_PATH, Gate } from '../../src/pull/gate.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock, type SimClock } from '../support/sim-clock.ts'
import { seededRandom } from '../support/sim-world.ts'
import { bytesOf, put } from '../support/put.ts'
import type { Wait } from '../../src/base/wait.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

type Opened = { gate: Gate; clock: SimClock; files: Files; waits: Wait[] }

function open({
  maxWaitMs = 1e12,
  files = memFiles(),
  clock = simClock(),
}: { maxWaitMs?: number; files?: Files; clock?: SimClock } = {}): Opened {
  onTestFinished(clock.stop)
  const waits: Wait[] = []
  const gate = new Gate(
    {
      clock,
      random: seededRandom(1),
      state: (exchange) => {
        if (exchange !== BINANCE) throw new Error(`no state of ${exchange}`)
        return { files, directory: '/state/binance' }
      },
    },
    { exchanges: [BINANCE], maxWaitMs, onWait: (wait) => void waits.push(wait) },
  )
  return { gate, clock, files, waits }
}

/** Milliseconds until the gate lets a request pass. */
async function passed({ gate, clock }: Opened): Promise<number> {
  const since = clock.monotonicMs()
  await gate.pass()
  return clock.monotonicMs() - since
}

const write = (files: Files, text: string): Promise<void> =>
  put(files, BAN_PATH, new TextEncoder().encode(text))
const readBan = async (files: Files): Promise<Record<string, string>> =>
  JSON.parse(new TextDecoder().decode(await bytesOf(files, BAN_PATH))) as Record<string, string>

describe('429', () => {
  it('shuts for what was asked and up to a second more', async () => {
    const opened = open()
    expect(await passed(opened)).toBe(0)
    opened.gate.limited(30_000, 'slow down')
    expect(opened.gate.isOpen).toBe(false)
    const waited = await passed(opened)
    expect(waited).toBeGreaterThanOrEqual(30_000)
    expect(waited).toBeLessThanOrEqual(31_000)
    expect(opened.waits).toEqual([{ reason: 'limit', ms: waited, message: 'slow down' }])
  })

  it('is not shortened by a later and shorter one, and is lengthened by a longer one', async () => {
    const opened = open()
    opened.gate.limited(30_000, 'first')
    opened.gate.limited(5_000, 'second')
    expect(await passed(opened)).toBeGreaterThanOrEqual(30_000)
    opened.gate.limited(5_000, 'third')
    opened.gate.limited(40_000, 'fourth')
    expect(await passed(opened)).toBeGreaterThanOrEqual(40_000)
  })

  it('many at once are one wait', async () => {
    const opened = open({ maxWaitMs: 40_000 })
    for (let i = 0; i < 8; i++) opened.gate.limited(30_000, 'slow down')
    expect(await passed(opened)).toBeLessThanOrEqual(31_000)
    expect(opened.waits).toHaveLength(1)
  })

  it('leaves nothing on disk', async () => {
    const opened = open()
    opened.gate.limited(30_000, 'slow down')
    await opened.gate.pass()
    expect(await bytesOf(opened.files, BAN_PATH)).toBeUndefined()
  })
})

describe('418', () => {
  it('is kept on disk and honoured by the next process, to the millisecond', async () => {
    const first = open()
    await first.gate.banned(BINANCE, 3 * DAY_MS, 'IP banned')
    const next = open({ files: first.files, clock: first.clock })
    first.clock.skip(DAY_MS)
    await next.gate.load()
    expect(await passed(next)).toBeGreaterThanOrEqual(2 * DAY_MS)
    expect(next.waits[0]).toMatchObject({
      reason: 'ban',
      message: expect.stringContaining('banned by the exchange') as string,
    })
  })

  it.each<[string, (gate: Gate) => Promise<void>]>([
    ['a 418 without a deadline', (gate) => gate.banned(BINANCE, 2 * MINUTE_MS, 'IP banned')],
    ['a 403', (gate) => gate.blocked(BINANCE, 'no')],
  ])('is not shortened on disk by %s of a request that was under way', async (_, answered) => {
    const first = open()
    await Promise.all([first.gate.banned(BINANCE, 3 * DAY_MS, 'IP banned'), answered(first.gate)])
    await answered(first.gate)
    const next = open({ files: first.files, clock: first.clock })
    await next.gate.load()
    expect(await passed(next)).toBeGreaterThanOrEqual(3 * DAY_MS)
  })

  it('is lengthened on disk by a later deadline', async () => {
    const first = open()
    const answers = [MINUTE_MS, 3 * DAY_MS, 2 * MINUTE_MS]
    await Promise.all(answers.map((ms) => first.gate.banned(BINANCE, ms, 'IP banned')))
    const next = open({ files: first.files, clock: first.clock })
    await next.gate.load()
    expect(await passed(next)).toBeGreaterThanOrEqual(3 * DAY_MS)
  })

  it('outlasts the longest timer that there is', async () => {
    const opened = open()
    await opened.gate.banned(BINANCE, 40 * DAY_MS, 'IP banned')
    expect(await passed(opened)).toBeGreaterThanOrEqual(40 * DAY_MS)
  })

  it.each(['9999-12-31T23:59:59.999999Z', '2126-06-01T00:00:00.000000Z'])(
    'a record until %s does not stop runs for ever without a word about the file',
    async (until) => {
      const opened = open({ maxWaitMs: 600_000 })
      await write(opened.files, JSON.stringify({ until, code: 'E_BANNED' }))
      await opened.gate.load()
      const error: unknown = await opened.gate.pass().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        exit: 5,
        hint: expect.stringContaining('delete /state/binance/_ban.json.') as string,
      })
      expect(opened.clock.monotonicMs()).toBe(0)
      await opened.files.remove(BAN_PATH)
      const next = open({ files: opened.files, clock: opened.clock })
      await next.gate.load()
      expect(await passed(next)).toBe(0)
    },
  )

  it('is over when its time is over', async () => {
    const first = open()
    await first.gate.banned(BINANCE, MINUTE_MS, 'IP banned')
    first.clock.skip(2 * MINUTE_MS)
    const next = open({ files: first.files, clock: first.clock })
    await next.gate.load()
    expect(await passed(next)).toBe(0)
  })

  it('cannot forge its record with what the server says', async () => {
    const opened = open()
    await opened.gate.banned(BINANCE, MINUTE_MS, '"}\n{"until":"1970-01-01T00:00:00.000000Z"')
    expect(await readBan(opened.files)).toMatchObject({ until: '2026-06-01T00:01:01.000000Z' })
  })

  it.each([
    ['torn', '{"until":"2026-06-0'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['not a moment', '{"until":"tomorrow"}'],
    ['a number', '{"until":1780272000000}'],
    ['a number beyond reason', '{"until":1e308}'],
    ['a year of seven digits', '{"until":"+275760-09-13T00:00:00.000000Z"}'],
    ['a long text', `{"until":"${'9'.repeat(100_000)}"}`],
    ['an object', '{"until":{"__proto__":1}}'],
    ['not text', '\u0000\u0001'],
  ])('a record that is %s is no ban', async (_, text) => {
    const opened = open()
    await write(opened.files, text)
    await opened.gate.load()
    expect(await passed(opened)).toBe(0)
  })
})

describe('several exchanges and addresses', () => {
  type Door = { exchanges: readonly string[]; address?: string }

  /** Gates of one machine. */
  function machine(): { clock: SimClock; gate: (door: Door) => Gate } {
    const clock = simClock()
    onTestFinished(clock.stop)
    const memories = new Map<string, Files>()
    const state = (exchange: string): Memory => {
      const files = memories.get(exchange) ?? memFiles()
      memories.set(exchange, files)
      return { files, directory: exchange }
    }
    const gate = ({ exchanges, address }: Door): Gate => {
      const http = { get: never, stream: never, close: async () => undefined }
      const egress = address === undefined ? {} : { egress: { name: address, http } }
      const way = { clock, random: seededRandom(1), state, ...egress }
      return new Gate(way, { exchanges, maxWaitMs: 1e12, onWait: () => undefined })
    }
    return { clock, gate }
  }
  const never = async (): Promise<never> => {
    throw new Error('nothing is sent')
  }
  async function isOpen(gate: Gate): Promise<boolean> {
    await gate.load()
    return gate.isOpen
  }

  it('a ban is kept as of the exchange that said so, and honoured by whoever asks it too', async () => {
    const { gate } = machine()
    await gate({ exchanges: ['gw:80', BINANCE] }).banned(BINANCE, DAY_MS, 'IP banned')
    expect(await isOpen(gate({ exchanges: [BINANCE] }))).toBe(false)
    expect(await isOpen(gate({ exchanges: ['gw:80', BINANCE] }))).toBe(false)
    expect(await isOpen(gate({ exchanges: ['gw:80'] }))).toBe(true)
  })

  it('of several the longest holds', async () => {
    const { clock, gate } = machine()
    await gate({ exchanges: ['gw:80'] }).banned('gw:80', MINUTE_MS, 'IP banned')
    await gate({ exchanges: [BINANCE] }).banned(BINANCE, DAY_MS, 'IP banned')
    const both = gate({ exchanges: ['gw:80', BINANCE] })
    await both.load()
    expect(both.remainingMs).toBe(DAY_MS + 1_000)
    clock.skip(2 * DAY_MS)
    expect(both.isOpen).toBe(true)
  })

  it('an address that is named honours the ban of the one that is not: they may be the same', async () => {
    const { gate } = machine()
    await gate({ exchanges: [BINANCE] }).banned(BINANCE, DAY_MS, 'IP banned')
    expect(await isOpen(gate({ exchanges: [BINANCE], address: '10.0.0.1' }))).toBe(false)
  })

  it('a ban of one named address is none of another', async () => {
    const { gate } = machine()
    const first = { exchanges: [BINANCE], address: '10.0.0.1' }
    await gate(first).blocked(BINANCE, 'no')
    expect(await isOpen(gate(first))).toBe(false)
    expect(await isOpen(gate({ ...first, address: '10.0.0.2' }))).toBe(true)
  })
})

describe('403 of the firewall', () => {
  it('shuts for five minutes, then ten, then twenty, while nothing succeeds', async () => {
    const opened = open()
    for (const minutes of [5, 10, 20]) {
      await opened.gate.blocked(BINANCE, 'no')
      expect(await passed(opened)).toBe(minutes * MINUTE_MS)
    }
    opened.gate.succeeded()
    await opened.gate.blocked(BINANCE, 'no')
    expect(await passed(opened)).toBe(5 * MINUTE_MS)
  })

  it('counts eight at once as one', async () => {
    const opened = open()
    await Promise.all(Array.from({ length: 8 }, () => opened.gate.blocked(BINANCE, 'no')))
    expect(await passed(opened)).toBe(5 * MINUTE_MS)
  })

  it('regression: the answer to a request sent before the block does not end the doubling', async () => {
    const opened = open()
    await opened.gate.blocked(BINANCE, 'no')
    opened.gate.succeeded()
    await opened.gate.pass()
    await opened.gate.blocked(BINANCE, 'no')
    expect(await passed(opened)).toBe(10 * MINUTE_MS)
  })

  it('is kept on disk also where a longer 429 shuts the gate already', async () => {
    const first = open()
    first.gate.limited(10 * MINUTE_MS, 'slow down')
    await first.gate.blocked(BINANCE, 'no')
    const next = open({ files: first.files, clock: first.clock })
    await next.gate.load()
    expect(await passed(next)).toBe(5 * MINUTE_MS)
  })

  it('regression: lasts beyond the process that met it', async () => {
    const first = open()
    await first.gate.blocked(BINANCE, 'no')
    const next = open({ files: first.files, clock: first.clock, maxWaitMs: MINUTE_MS })
    await next.gate.load()
    await expect(next.gate.pass()).rejects.toMatchObject({ code: 'E_BLOCKED', exit: 5 })
    const patient = open({ files: first.files, clock: first.clock })
    await patient.gate.load()
    expect(await passed(patient)).toBe(5 * MINUTE_MS)
  })
})

describe('waiting', () => {
  it('is refused when it would take longer than the user wants, and says how long', async () => {
    const opened = open({ maxWaitMs: 10 * MINUTE_MS })
    await opened.gate.banned(BINANCE, 10 * MINUTE_MS, 'IP banned')
    const error: unknown = await opened.gate.pass().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BannedError)
    expect(error).toMatchObject({ code: 'E_BANNED', exit: 5, retryAfterMs: 601_000 })
    expect((error as BannedError).hint).toContain('--max-wait 601')
    expect((error as BannedError).hint).not.toContain('delete')
  })

  it('is refused when many waits without a success in between add up to more', async () => {
    const opened = open({ maxWaitMs: 100_000 })
    for (let i = 0; i < 3; i++) {
      opened.gate.limited(30_000, 'slow down')
      await opened.gate.pass()
    }
    opened.gate.limited(30_000, 'slow down')
    await expect(opened.gate.pass()).rejects.toMatchObject({ code: 'E_RATE_LIMITED' })
  })

  it('begins anew after a success', async () => {
    const opened = open({ maxWaitMs: 100_000 })
    for (let i = 0; i < 10; i++) {
      opened.gate.limited(30_000, 'slow down')
      await opened.gate.pass()
      opened.gate.succeeded()
    }
    expect(opened.gate.isOpen).toBe(true)
  })

  it('ends with the signal, with its reason', async () => {
    const opened = open()
    const controller = new AbortController()
    opened.gate.limited(30_000, 'slow down')
    const passing = opened.gate.pass(controller.signal)
    controller.abort(new StoppedError('SIGTERM'))
    await expect(passing).rejects.toBeInstanceOf(StoppedError)
  })
})

describe('451', () => {
  it('shuts for good, for everybody', async () => {
    const opened = open()
    expect(opened.gate.refused('restricted location')).toMatchObject({
      code: 'E_REGION',
      exit: 5,
      retryAfterMs: undefined,
    })
    opened.clock.skip(365 * DAY_MS)
    expect(opened.gate.isOpen).toBe(false)
    await expect(opened.gate.pass()).rejects.toMatchObject({ code: 'E_REGION' })
  })
})
