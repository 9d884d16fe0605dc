/** What processes tell each other that share one budget. */

import { REQUEST_POOLS, type RateLimit, type RequestPoolName } from '../binance/limit.ts'
import type { Closing } from './gate.ts'
import type { WindowUse } from './spending.ts'

type Closed = { readonly kind: 'closed' } & Closing
type Sent = { readonly id: number; readonly path: string; readonly weight: number }

/** To the one who keeps the budget. */
export type ToKeeper =
  | ({ readonly kind: 'ask'; readonly share: number } & Sent)
  | { readonly kind: 'askPool'; readonly id: number; readonly pool: RequestPoolName }
  /** Admitted by a keeper that is no more. */
  | ({ readonly kind: 'sent' } & Sent)
  | { readonly kind: 'settle'; readonly id: number; readonly headers: Headers }
  /** Not wanted any more, asked for or admitted. */
  | { readonly kind: 'release'; readonly id: number }
  /** As the exchange states them. */
  | { readonly kind: 'limits'; readonly limits: readonly RateLimit[] }
  | { readonly kind: 'slowDown' }
  | { readonly kind: 'slowDownPool'; readonly pool: RequestPoolName }
  | { readonly kind: 'ping' }
  | Closed

/** From the one who keeps the budget. */
export type FromKeeper =
  | { readonly kind: 'admitted'; readonly id: number }
  | { readonly kind: 'wait'; readonly ms: number; readonly message: string }
  | { readonly kind: 'pong' }
  /** It leaves, and this is what it counted. */
  | { readonly kind: 'farewell'; readonly uses: readonly WindowUse[]; readonly ages: Ages }
  | Closed

/** Headers of an answer that tell of limits. */
export type Headers = Readonly<Record<string, string>>
/** How long ago requests were sent, by their pool. */
export type Ages = Readonly<Record<RequestPoolName, readonly number[]>>

type Check = (value: unknown) => boolean
type Shapes<M extends { kind: string }> = {
  readonly [K in M['kind']]: Readonly<Record<Exclude<keyof Extract<M, { kind: K }>, 'kind'>, Check>>
}

const text: Check = (value) => typeof value === 'string'
const amount: Check = (value) => typeof value === 'number' && value >= 0
const share: Check = (value) => typeof value === 'number' && value > 0 && value <= 1
const pool: Check = (value) => typeof value === 'string' && value in REQUEST_POOLS
const object: Check = (value) => typeof value === 'object' && value !== null
const code: Check = (value) => ['E_RATE_LIMITED', 'E_BANNED', 'E_BLOCKED'].includes(String(value))

const closed = { code, ms: amount, reason: text }
const sent = { id: amount, path: text, weight: amount }

const TO_KEEPER: Shapes<ToKeeper> = {
  ask: { ...sent, share },
  askPool: { id: amount, pool },
  sent,
  settle: { id: amount, headers: object },
  release: { id: amount },
  limits: { limits: Array.isArray },
  slowDown: {},
  slowDownPool: { pool },
  ping: {},
  closed,
}

const FROM_KEEPER: Shapes<FromKeeper> = {
  admitted: { id: amount },
  wait: { ms: amount, message: text },
  pong: {},
  farewell: { uses: Array.isArray, ages: object },
  closed,
}

/** Reads a message; `undefined` for what is none. */
export function readToKeeper(message: unknown): ToKeeper | undefined {
  return isOf(message, TO_KEEPER) ? (message as ToKeeper) : undefined
}

/** Reads a message; `undefined` for what is none. */
export function readFromKeeper(message: unknown): FromKeeper | undefined {
  return isOf(message, FROM_KEEPER) ? (message as FromKeeper) : undefined
}

function isOf(message: unknown, shapes: Readonly<Record<string, object>>): boolean {
  if (!object(message)) return false
  const fields = message as Readonly<Record<string, unknown>>
  const { kind } = fields
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) return false
  return Object.entries(shapes[kind] as Record<string, Check>).every(([name, isIt]) =>
    isIt(fields[name]),
  )
}
