/**
 * Possible faults, as data: answers that are refusals, bodies that are invalid, pages that are false, transports that
 * break.
 */

/** Refused by status. `seconds`: how long the address stays refused; requests during that time count as violations. */
type RefusalFault = {
  /** 429, 418, 403 with HTML (once, unless `seconds`). */
  readonly kind: 'limited' | 'banned' | 'blocked'
  readonly seconds?: number
}

/** Another status, or a status that is wrong. */
export type AnswerFault =
  /** 451 with Binance's words. */
  | { readonly kind: 'region' }
  /** HTML of a proxy: 404, 500, 502, 503, 504. */
  | { readonly kind: 'status'; readonly status: number }
  /** Binance's JSON error; the status follows from the code unless given. */
  | { readonly kind: 'error'; readonly code: number; readonly status?: number }
  /** 200, but not a page. */
  | {
      readonly kind: 'body'
      readonly body: 'empty' | 'object' | 'null' | 'html' | 'garbage' | 'wrongShape' | 'error'
    }
  /** 302. Default to a link-local address. */
  | { readonly kind: 'redirect'; readonly location?: string }

/** 200 with a page other than requested. */
export type PageFault = {
  readonly kind: 'page'
  readonly page:
    | 'duplicated'
    | 'reversed'
    /** The oldest rows of all instead of the requested ones. */
    | 'outOfWindow'
    /** Times in the unit that was not requested. */
    | 'wrongUnit'
    /** Half the rows: legal, and a trap for clients that take a short page for the end. */
    | 'short'
    /** The last row has one value too few or cannot be true. */
    | 'impossible'
}

/** The answer is correct but does not arrive correctly. `fraction`: how much of the body does. */
export type TransportFault =
  /** Connection reset: before the headers, or within the body when there is a fraction. */
  | { readonly kind: 'reset'; readonly fraction?: number }
  /** A gzip stream that stops, in a body that is framed as complete. */
  | { readonly kind: 'truncatedGzip'; readonly fraction: number }
  /**
   * Neither length nor chunks: the end of the connection is the end of the body, and comes too early. Never compressed.
   */
  | { readonly kind: 'closeDelimitedCut'; readonly fraction: number }
  /** Content-Length is this much more than the body (or less, when negative). */
  | { readonly kind: 'wrongLength'; readonly by: number }
  /** This many bytes at a time. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** Nothing more: no headers, or no rest of the body when there is a fraction. */
  | { readonly kind: 'hang'; readonly fraction?: number }
  /** Endless white space. With `gzip` it is small on the wire. */
  | { readonly kind: 'hugeBody'; readonly bytes: number; readonly gzip?: boolean }
  /** A correct answer, after which the connection is closed without notice. */
  | { readonly kind: 'closeAfter' }

/** Anything that can go wrong. */
export type Fault = RefusalFault | AnswerFault | PageFault | TransportFault

/** When a fault applies: on the `nth` request that matches (from 1), and on `times` of them in a row. */
export type FaultRule = {
  readonly fault: Fault
  /** Exact path, e.g. `/api/v3/klines`. */
  readonly path?: string
  /** A part of the raw query, e.g. `symbol=BTCUSDT`. */
  readonly query?: string
  /** A part of the `Host` header. */
  readonly host?: string
  /** Default 1. */
  readonly nth?: number
  /** Default 1; Infinity: from then on. */
  readonly times?: number
}

/** A schedule. Rules come first; requests without a rule may be hit by chance. */
export type FaultOptions = {
  readonly rules?: readonly FaultRule[]
  readonly random?: {
    readonly seed: number
    /** From 0 to 1. */
    readonly probability: number
    /** One of these is drawn. */
    readonly faults: readonly Fault[]
    /** Most faults in a row on one path, so that retries get through. Default 2. */
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

/** Does the answer itself stay correct? */
export function isTransportFault(fault: Fault | undefined): fault is TransportFault {
  return fault !== undefined && TRANSPORT_KINDS.has(fault.kind)
}

/** How many bytes of a truncated body arrive; at least one is missing. */
export function cutAt(body: Uint8Array, fraction: number): number {
  return Math.max(0, Math.min(body.length - 1, Math.floor(body.length * fraction)))
}
