/** The terminal, the environment and the clock of the CLI, as one value, so that a test can stand in for them. */

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isatty } from 'node:tty'

/** One of stdout and stderr. */
export type Sink = {
  /** Resolves when text or bytes are accepted; quietly does nothing once the reader is gone. */
  write(content: string | Uint8Array): Promise<void>
  readonly isTerminal: boolean
  /** Width in columns; 80 where there is none to ask. */
  readonly columns: number
  /** The stream itself, for the bars, which move its cursor. */
  readonly stream: NodeJS.WritableStream
}

/** Time as the progress views need it. */
export type Ticker = {
  /** Milliseconds since some fixed moment; never goes back. */
  nowMs(): number
  /** Calls `tick` every `ms` milliseconds until the returned function is called. Does not keep the process alive. */
  every(ms: number, tick: () => void): () => void
}

/** Standard input. */
export type Source = {
  readonly isTerminal: boolean
  readonly stream: NodeJS.ReadableStream
}

/** What a command may touch besides the library and the disk. */
export type Io = {
  readonly stdin: Source
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  readonly ticker: Ticker
  /** Aborted when nobody reads stdout any more (`... | head -1`, a closed terminal). */
  readonly gone: AbortSignal
}

/** This process's own. */
export function processIo(): Io {
  const gone = new AbortController()
  return {
    // Not touched before it is read: only that makes it a stream, which holds the process.
    stdin: {
      isTerminal: isatty(0),
      get stream() {
        return process.stdin
      },
    },
    stdout: sinkOf(process.stdout, (code) => {
      gone.abort()
      // EPIPE is how a reader such as `head` says that it has enough, and a terminal that was closed takes no words,
      // whatever it calls that. Anything else (a full disk behind `>`) loses results, which must not look like success.
      if (code === 'EPIPE' || process.stdout.isTTY) return
      process.exitCode = 1
      process.stderr.write(`error: stdout cannot be written (${code})\n`)
    }),
    // Words for people that nobody reads are no reason to stop.
    stderr: sinkOf(process.stderr, () => undefined),
    env: process.env,
    ticker: { nowMs: () => performance.now(), every },
    gone: gone.signal,
  }
}

function every(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}

function sinkOf(stream: NodeJS.WriteStream, onGone: (code: string) => void): Sink {
  let isGone = false
  stream.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
    isGone = true
    onGone(code)
  })
  return {
    async write(content) {
      if (isGone || stream.write(content)) return
      // A reader that is slow must slow us down, or the lines pile up in memory.
      await accepted(stream)
    },
    isTerminal: stream.isTTY,
    get columns() {
      return stream.columns > 0 ? stream.columns : 80
    },
    stream,
  }
}

async function accepted(stream: NodeJS.WriteStream): Promise<void> {
  const events = ['drain', 'close', 'error']
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
  })
}

/** The path of a file of this package, by its path from the package's root. */
export function ownPath(path: string): string {
  const root = createRequire(import.meta.url).resolve('binance-backfill/package.json')
  return join(dirname(root), path)
}
