/** A command line run in this process by the function that the program calls, with its output caught. */

import { PassThrough, Readable } from 'node:stream'
import { run } from '../../src/cli/dispatch.ts'
import type { Io, Sink } from '../../src/cli/io.ts'

/** What a command left behind. */
export type Ran = { readonly exit: number; readonly stdout: string; readonly stderr: string }

/** Runs a command line as in a pipe, with an environment of PATH and HOME alone. */
export async function runLine(args: readonly string[], input = ''): Promise<Ran> {
  const [stdout, stderr] = [new Caught(), new Caught()]
  const { PATH = '', HOME = '' } = process.env
  const io: Io = {
    stdin: { isTerminal: false, stream: Readable.from(input === '' ? [] : [input]) },
    stdout,
    stderr,
    env: { PATH, HOME },
    ticker: { nowMs: () => performance.now(), every },
    gone: new AbortController().signal,
  }
  const exit = await run(args, io)
  return { exit, stdout: stdout.text(), stderr: stderr.text() }
}

class Caught implements Sink {
  readonly isTerminal = false
  readonly columns = 80
  readonly stream = new PassThrough()
  readonly #chunks: Buffer[] = []

  constructor() {
    this.stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
  }

  async write(content: string | Uint8Array): Promise<void> {
    this.#chunks.push(Buffer.from(content))
    await Promise.resolve()
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}

function every(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms)
  return () => {
    clearInterval(timer)
  }
}
