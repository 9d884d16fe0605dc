/** `simulate`: serves the exchange's stand-in until a signal. */

import type { ExchangeOptions, Fault, FaultOptions } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { exitOf, Misuse, suggested } from '../failure.ts'
import { readChoice, readInteger, readText } from '../read.ts'
import type { Flags, ValuesOf } from '../flags.ts'
import { library } from '../library.ts'

const DEFAULT_SEED = 1

const flags = {
  port: {
    describe: 'port to listen on; 0 takes a free one',
    value: 'N',
    default: '0',
    read: readInteger(0, 65_535),
  },
  host: {
    describe: 'address to listen on',
    value: 'HOST',
    default: '127.0.0.1',
    // This machine only: the stand-in is no server for a network.
    read: readChoice(['127.0.0.1', 'localhost']),
  },
  replay: {
    describe: 'serve the REST pages recorded in this directory, not made-up ones',
    value: 'DIR',
    read: readText,
    conflicts: ['seed'],
  },
  seed: {
    describe: 'seed of the made-up history; the same seed gives the same rows',
    value: 'N',
    default: '1',
    read: readInteger(0),
  },
  latency: {
    describe: 'milliseconds that each answer takes',
    value: 'MS',
    default: '0',
    read: readInteger(0, 600_000),
  },
  limit: {
    describe: 'request weight that an address may spend in a minute',
    value: 'WEIGHT',
    default: '6000',
    read: readInteger(1),
  },
  faults: {
    describe: 'misbehave on a schedule; see the description above',
    value: 'SPEC',
    read: readText,
  },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'simulate',
  describe: 'serve a local stand-in for the exchange',
  long: [
    'Serves REST, with made-up or recorded rows, and an archive of them until it is stopped, and prints its URL. Everything else can then be tried offline: run ... --base-url URL --data-dir DIR. Futures too, at the same URL: --base-url um=URL --base-url cm=URL. Nothing tells rows that run stored from it from real ones: give them a lake of their own. Account datasets too: with made-up rows it knows one account, whose API key and secret are both the word simulated.',
    '--faults takes KIND[=VALUE][@NTH][xTIMES], several with commas: on the NTH request (from 1) and TIMES in a row, x* for ever. Kinds: limited=SECONDS, banned=SECONDS, blocked=SECONDS, region, status=CODE, error=CODE, body=empty|object|null|html|garbage, page=duplicated|reversed|short|impossible, reset, reset=FRACTION, truncatedGzip=FRACTION, hang, hang=FRACTION, drip=BYTES, closeAfter; and random=PROBABILITY for faults that trying again mends.',
  ],
  flags,
  examples: [
    { line: 'simulate --port 8080', does: 'made-up history on http://127.0.0.1:8080' },
    { line: 'simulate --latency 100 --limit 600', does: 'slow, with a tenth of the rate limit' },
    {
      line: 'simulate --faults limited=2@10,status=503@20x3,random=0.02',
      does: 'an exchange on a bad day',
    },
    { line: 'simulate --replay recorded --json', does: 'what was recorded; the URL as JSON' },
  ],
  execute,
}

async function execute({ values, print }: Call<typeof flags>): Promise<number> {
  const exchange = await exchangeOf(values)
  const { port = 0, latency = 0 } = values
  const simulator = await library
    .startSimulator({ exchange, port, latencyMs: latency })
    .catch((error: unknown) => {
      throw explain(error, port)
    })
  const stop = library.stopOnSignals()
  try {
    const { url } = simulator
    if (values.json === true) await print.json({ kind: 'listening', url, port: simulator.port })
    else await print.result(`${url}\n`)
    await print.say(`Serving until Ctrl-C. Try: binance-backfill run JOB --base-url ${url}`)
    await aborted(stop.signal)
  } finally {
    stop.dispose()
    await simulator.close()
  }
  return exitOf(stop.signal.reason)
}

async function exchangeOf(values: ValuesOf<typeof flags>): Promise<ExchangeOptions> {
  const { replay, seed, limit, faults } = values
  const base =
    replay === undefined ? library.quickstartExchange() : await library.replayOptions(replay)
  return {
    ...base,
    ...(seed === undefined ? {} : { seed }),
    ...(limit === undefined ? {} : { limits: { ...base.limits, rules: [weightRule(limit)] } }),
    ...(faults === undefined ? {} : { faults: parseFaults(faults, seed ?? DEFAULT_SEED) }),
  }
}

function weightRule(
  limit: number,
): NonNullable<NonNullable<ExchangeOptions['limits']>['rules']>[number] {
  return { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit }
}

function explain(error: unknown, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new Misuse(`port ${port} is taken`, 'take another, or 0 for any free one')
  if (code === 'EACCES')
    return new Misuse(`port ${port} is not allowed`, 'take one above 1023, or 0 for any free one')
  return error
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true })
  })
}

type Rule = NonNullable<FaultOptions['rules']>[number]
type Part = { readonly rule: Rule } | { readonly probability: number }

const BODIES = ['empty', 'object', 'null', 'html', 'garbage'] as const
const PAGES = ['duplicated', 'reversed', 'short', 'impossible'] as const

/** Makes a fault of its value; `undefined` when the value is not one of its kind. */
const KINDS: Readonly<Record<string, (value: string) => Fault | undefined>> = {
  limited: (value) => withSeconds('limited', value),
  banned: (value) => withSeconds('banned', value),
  blocked: (value) => withSeconds('blocked', value),
  region: (value) => (value === '' ? { kind: 'region' } : undefined),
  status: (value) => whole(value, 400, 599, (status) => ({ kind: 'status', status })),
  error: (value) => whole(value, -9999, -1000, (code) => ({ kind: 'error', code })),
  body: (value) => among(BODIES, value, (body) => ({ kind: 'body', body })),
  page: (value) => among(PAGES, value, (page) => ({ kind: 'page', page })),
  reset: (value) => maybeCut('reset', value),
  truncatedGzip: (value) => cut(value, (fraction) => ({ kind: 'truncatedGzip', fraction })),
  hang: (value) => maybeCut('hang', value),
  drip: (value) => whole(value, 1, 1e6, (bytes) => ({ kind: 'drip', bytes, everyMs: 50 })),
  closeAfter: (value) => (value === '' ? { kind: 'closeAfter' } : undefined),
}

/** What `random` draws from: each is mended by trying again. */
const MENDABLE: readonly Fault[] = [
  { kind: 'status', status: 503 },
  { kind: 'error', code: -1001 },
  { kind: 'body', body: 'garbage' },
  { kind: 'page', page: 'short' },
  { kind: 'reset' },
  { kind: 'reset', fraction: 0.5 },
  { kind: 'truncatedGzip', fraction: 0.5 },
  { kind: 'closeAfter' },
]

/**
 * Reads `--faults`.
 *
 * @throws Misuse that names the part which cannot be read.
 */
export function parseFaults(spec: string, seed: number): FaultOptions {
  const parts = spec.split(',').map((part) => parsePart(part.trim()))
  const chances = parts.flatMap((part) => ('probability' in part ? [part.probability] : []))
  const [probability] = chances
  return {
    rules: parts.flatMap((part) => ('rule' in part ? [part.rule] : [])),
    ...(probability === undefined ? {} : { random: { seed, probability, faults: MENDABLE } }),
  }
}

function parsePart(part: string): Part {
  const match = /^([a-zA-Z]+)(?:=([^@]*?))?(?:@(\d+))?(?:x(\d+|\*))?$/.exec(part)
  const [, kind = '', value = '', nth = '1', times = '1'] = match ?? []
  if (match === null || nth === '0' || times === '0')
    throw new Misuse(`--faults: expected KIND[=VALUE][@NTH][xTIMES], got "${part}"`)
  if (kind === 'random') {
    const probability = Number(value)
    if (value !== '' && probability >= 0 && probability <= 1) return { probability }
    throw new Misuse(`--faults: random needs a probability from 0 to 1, got "${value}"`)
  }
  const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (make === undefined) {
    const hint = suggested(kind, [...Object.keys(KINDS), 'random'])
    throw new Misuse(`--faults: unknown fault "${kind}"${hint}`)
  }
  const fault = make(value)
  if (fault === undefined) throw new Misuse(`--faults: "${value}" is no value of ${kind}`)
  return { rule: { fault, nth: Number(nth), times: times === '*' ? Infinity : Number(times) } }
}

function withSeconds(kind: 'limited' | 'banned' | 'blocked', value: string): Fault | undefined {
  return whole(value === '' ? '1' : value, 0, 1e6, (seconds) => ({ kind, seconds }))
}

function whole(
  value: string,
  min: number,
  max: number,
  make: (number: number) => Fault,
): Fault | undefined {
  const number = Number(value)
  const isGood = /^-?\d+$/.test(value) && number >= min && number <= max
  return isGood ? make(number) : undefined
}

function among<Choice extends string>(
  choices: readonly Choice[],
  value: string,
  make: (choice: Choice) => Fault,
): Fault | undefined {
  const choice = choices.find((candidate) => candidate === value)
  return choice === undefined ? undefined : make(choice)
}

function maybeCut(kind: 'reset' | 'hang', value: string): Fault | undefined {
  return value === '' ? { kind } : cut(value, (fraction) => ({ kind, fraction }))
}

function cut(value: string, make: (fraction: number) => Fault): Fault | undefined {
  const fraction = value === '' ? NaN : Number(value)
  return fraction >= 0 && fraction <= 1 ? make(fraction) : undefined
}
