/** A request before it has a host, a time and a signature. */

import type { Micros } from '../base/time.ts'
import type { RequestPoolName } from '../binance/limit.ts'

/** A request as other rooms see it. */
export type Query = {
  readonly path: string
  /** In the order sent; values are percent-encoded here. */
  readonly params: readonly (readonly [name: string, value: string | number | bigint])[]
  /** Rows requested; halved when the server runs out of time. */
  readonly limit?: number
  readonly weight: number
  /** Counts in this pool too. */
  readonly pool?: RequestPoolName | undefined
  /** Higher goes first. */
  readonly priority?: number
  readonly sizeBytesMax?: number
  /** The total deadline of one attempt, if not the usual one. */
  readonly timeoutMs?: number
  /** Which hosts serve it. */
  readonly hosts: HostList
  /** Evaluated for every attempt; override those that all requests have. */
  readonly headers?: (() => Readonly<Record<string, string>>) | undefined
  /** The end of the time that the answer has to cover; default: now. An answer made before it is refused. */
  readonly until?: Micros | undefined
  readonly signal?: AbortSignal | undefined
}

/** The hosts of public market data, or those of the whole API. */
export type HostList = 'public' | 'api'

/** Adds what a signed request needs; called for every attempt, since the signature includes the time. */
export type Sign = (
  query: string,
  now: Micros,
) => { readonly query: string; readonly headers: Readonly<Record<string, string>> }

/** The query string: names as they are, values percent-encoded, in the order given. */
export function queryText({ params, limit }: Query): string {
  const all = limit === undefined ? params : [...params, ['limit', limit] as const]
  return all.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')
}
