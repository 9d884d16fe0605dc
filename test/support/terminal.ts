/** A terminal, environment and clock for the CLI's tests: what is written is kept, time moves when told to. */

import { PassThrough, Readable } from 'node:stream'
import type { Io, Sink } from '../../src/cli/io.ts'

/** {@link Io} with hands on it. */
export type FakeIo = Io & {
  readonly out: () => string
  readonly err: () => string
  /** Moves the clock; ticks that become due are called in order. */
  readonly advance: (ms: number) => void
}

/** A pipe on both sides unless told otherwise. */
export function fakeIo(
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly isTerminal?: boolean
    /** What stands on stdin; typed there at a terminal. */
    readonly input?: string
  } = {},
): FakeIo {
  const { env = {}, isTerminal = false, input = '' } = options
  const stdout = fakeSink(isTerminal)
  const stderr = fakeSink(isTerminal)
  const ticks = new Set<{ readonly ms: number; readonly tick: () => void; due: number }>()
  let now = 0
  return {
    stdin: { isTerminal, stream: Readable.from(input === '' ? [] : [input]) },
    stdout,
    stderr,
    env,
    gone: new AbortController().signal,
    out: stdout.text,
    err: stderr.text,
    advance(ms) {
      for (const end = now + ms; now < end;) {
        const next = Math.min(end, ...[...ticks].map(({ due }) => due))
        now = next
        for (const entry of ticks) {
          if (entry.due > now) continue
          entry.due += entry.ms
          entry.tick()
        }
      }
    },
    ticker: {
      nowMs: () => now,
      every(ms, tick) {
        const entry = { ms, tick, due: now + ms }
        ticks.add(entry)
        return () => ticks.delete(entry)
      },
    },
  }
}

function fakeSink(isTerminal: boolean): Sink & { readonly text: () => string } {
  let text = ''
  const stream = Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 80, rows: 24 })
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  return {
    write: async (written) => {
      text += typeof written === 'string' ? written : Buffer.from(written).toString('utf8')
    },
    isTerminal,
    columns: 80,
    stream,
    text: () => text,
  }
}
