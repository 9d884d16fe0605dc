/** The values of flags once they are read; `flags.ts` says how each is. */

import type { Source, Compression } from '../index.ts'

/** What the flags were set to, by the command line or the environment; absent when by neither. */
export type Values = {
  readonly 'data-dir'?: string
  readonly 'base-url'?: readonly string[]
  readonly 'archive-url'?: string
  readonly prefer?: 'listed' | 'fastest'
  readonly source?: Source
  readonly 'weight-share'?: number
  readonly concurrency?: number
  /** Milliseconds. */
  readonly 'max-wait'?: number
  /** Milliseconds. */
  readonly 'recv-window'?: number
  readonly wire?: 'json' | 'sbe'
  readonly dataset?: string
  readonly symbol?: readonly string[]
  readonly interval?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly settle?: string
  readonly numbers?: string
  readonly compression?: Compression
  readonly partition?: string
  /** Milliseconds. */
  readonly 'wait-lock'?: number
  readonly recheck?: { readonly from: string; readonly to: string }
  readonly 'refresh-archives'?: boolean
  readonly 'keep-archives'?: string
  readonly tasks?: boolean
  readonly 'detailed-exitcode'?: boolean
  readonly revisions?: boolean
  readonly subset?: { readonly index: number; readonly count: number }
  readonly remote?: boolean
  readonly rebuild?: boolean
  readonly quote?: string
  readonly base?: string
  readonly status?: string
  readonly host?: string
  readonly port?: number
  readonly replay?: string
  readonly seed?: number
  /** Milliseconds. */
  readonly latency?: number
  /** Request weight a minute. */
  readonly limit?: number
  readonly faults?: string
  readonly live?: boolean
  readonly out?: string
  readonly window?: { readonly from: string; readonly to: string }
  readonly 'no-candles'?: boolean
  readonly csv?: boolean
  readonly 'metrics-file'?: string
  readonly 'heartbeat-url'?: string
  readonly 'log-format'?: 'text' | 'json'
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly 'no-progress'?: boolean
  readonly help?: boolean
  readonly version?: boolean
}

/** The name of a flag, without dashes. */
export type FlagName = keyof Values
