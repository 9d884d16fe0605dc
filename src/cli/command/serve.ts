/** `serve`: shows the lake as a local web page until a signal. */

import type { Call, Command } from '../command.ts'
import { exitOf } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { library } from '../library.ts'
import { readInteger, readText } from '../read.ts'

const DEFAULT_HOST = '127.0.0.1'

const flags = {
  port: {
    describe: 'port to listen on; 0 takes a free one',
    value: 'N',
    default: '0',
    read: readInteger(0, 65_535),
  },
  host: {
    describe: 'address to listen on; whoever reaches it can read the lake',
    value: 'HOST',
    default: DEFAULT_HOST,
    read: readText,
  },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'serve',
  describe: 'show the lake as a local web page',
  long: [
    'Serves the page that report writes, until it is stopped, and prints its URL: what is covered, missing and known to be a gap, with candles read from the lake when they are shown. The page follows a run on the same lake. Nothing is written, nothing is asked of the exchange, and only this machine can read it unless --host says otherwise.',
    'The same as JSON: /api/overview, /api/days?series=klines/BTCUSDT/1h, /api/candles?series=klines/BTCUSDT/1h&from=2024-01-01&to=2024-02-01.',
  ],
  flags,
  takesLake: true,
  examples: [
    { line: 'serve', does: 'everything in ./data, on any free port' },
    { line: 'serve --port 8080 --data-dir /srv/lake', does: 'another lake, at a known address' },
  ],
  execute,
}

async function execute({ values, options, print }: Call<typeof flags>): Promise<number> {
  const { port = 0, host = DEFAULT_HOST } = values
  const { dataDir } = options
  const stop = library.stopOnSignals()
  try {
    const served = await library.serveLake({
      port,
      host,
      ...(dataDir === undefined ? {} : { dataDir }),
    })
    try {
      const { url } = served
      if (values.json === true) await print.json({ kind: 'listening', url, port: served.port })
      else await print.result(`${url}\n`)
      await print.say('Open it in a browser. Serving until Ctrl-C.')
      await aborted(stop.signal)
    } finally {
      await served.close()
    }
  } finally {
    stop.dispose()
  }
  return exitOf(stop.signal.reason)
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true })
  })
}
