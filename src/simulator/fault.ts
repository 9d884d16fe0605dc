/** What can go wrong, as data: answers that are refusals, bodies that are nonsense, pages that are false, transports that break. */

/** Refused by status. `seconds`: how long the address stays refused; while it does, requests count as disobedient. */
type RefusalFault = {
  /** 429, 418, 403 with HTML (once, unless `seconds`). */
  readonly kind: 'limited' | 'banned' | 'blocked'
  readonly seconds?: number
}

/** Another status, or a status that lies. */
export type AnswerFault =
  /** 451 with Binance's words. */
  | { readonly kind: 'region' }
  /** HTML of a proxy: 404, 500, 502, 503, 504. */
  | { readonly kind: 'status'; readonly status: number }
  /** Binance's JSON error; the status follows from the code unless given. */
  | { readonly kind: 'error'; readonly code: number; readonly status?: number }
  /** 200, and then not a page. */
  | {
      readonly kind: 'body'
      readonly body: 'empty' | 'object' | 'null' | 'html' | 'garbage' | 'wrongShape' | 'error'
    }
  /** 302. Default to a link-local address. */
  | { readonly kind: 'redirect'; readonly location?: string }

/** 200 with a page that is not what was asked. */
export type PageFault = {
  readonly kind: 'page'
  readonly page:
    | 'duplicated'
    | 'reversed'
    /** The oldest rows of all instead of those asked for. */
    | 'outOfWindow'
    /** Times in the unit that was not asked for. */
    | 'wrongUnit'
    /** Half the rows: legal, and a trap for those who take a short page for the end. */
    | 'short'
    /** The last row has one value too few or cannot be true. */
    | 'impossible'
}

/** The answer is right and does not arrive right. `fraction`: how much of the body does. */
export type TransportFault =
  /** Connection reset: before the headers, or within the body when there is a fraction. */
  | { readonly kind: 'reset'; readonly fraction?: number }
  /** A gzip stream that stops, in a body that is framed as whole. */
  | { readonly kind: 'truncatedGzip'; readonly fraction: number }
  /** Neither length nor chunks: the end of the connection is the end of the body, and comes too early. Never compressed. */
  | { readonly kind: 'closeDelimitedCut'; readonly fraction: number }
  /** Content-Length is this much more than the body (or less, when negative). */
  | { readonly kind: 'wrongLength'; readonly by: number }
  /** So many bytes at a time. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** Nothing more: no headers, or no rest of the body when there is a fraction. */
  | { readonly kind: 'hang'; readonly fraction?: number }
  /** White space without end. With `gzip` it is small on the wire. */
  | { readonly kind: 'hugeBody'; readonly bytes: number; readonly gzip?: boolean }
  /** A good answer, after which the connection is closed without notice. */
  | { readonly kind: 'closeAfter' }

/** Anything that can go wrong. */
export type Fault = RefusalFault | AnswerFault | PageFault | TransportFault

/** When a fault is played: on the `nth` request that matches (from 1), and on `times` of them in a row. */
export type FaultRule = {
  readonly fault: Fault
  /** Exact path, e.g. `/api/v3/klines`. */
  readonly path?: string
  /** Found in the raw query, e.g. `symbol=BTCUSDT`. */
  readonly query?: string
  /** Found in the `Host` header. */
  readonly host?: string
  /** Default 1. */
  readonly nth?: number
  /** Default 1; Infinity: from then on. */
  readonly times?: number
}

/** A schedule. Rules come first; requests that none of them takes may be hit by chance. */
export type FaultOptions = {
  readonly rules?: readonly FaultRule[]
  readonly random?: {
    readonly seed: number
    /** From 0 to 1. */
    readonly probability: number
    /** One of these is drawn. */
    readonly faults: readonly Fault[]
    /** Most faults in a row on one path, so that who tries again gets through. Default 2. */
    readonly inARow?: number
  }
}

const TRANSPORT_KINDS: ReadonlySet<string> = new Set<TransportFault['kind']>([
  'reset',
  'truncatedGzip',
  'closeDelimitedCut',
  'wrongLength',
  'drip',
  'hang',
  'hugeBody',
  'closeAfter',
])

/** Does the answer itself stay right? */
export function isTransportFault(fault: Fault | undefined): fault is TransportFault {
  return fault !== undefined && TRANSPORT_KINDS.has(fault.kind)
}

/** How many bytes arrive of a body that is cut; at least one is missing. */
export function cutAt(body: Uint8Array, fraction: number): number {
  return Math.max(0, Math.min(body.length - 1, Math.floor(body.length * fraction)))
}
