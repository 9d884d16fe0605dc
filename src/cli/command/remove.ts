/** `remove`: takes a series, or a range of it, out of the lake. */

import { createInterface } from 'node:readline'
import type { PlannedRemoval } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { Misuse } from '../failure.ts'
import type { Io } from '../io.ts'
import { LAKE_FLAGS, type Flags } from '../flags.ts'
import { bytes, count, counted, instant } from '../human.ts'
import { library } from '../library.ts'
import { RANGE_FLAGS } from './export.ts'

const flags = {
  ...RANGE_FLAGS,
  yes: { describe: 'do not ask' },
  'data-dir': LAKE_FLAGS['data-dir'],
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'remove',
  operands: 'SERIES',
  describe: 'take a series, or a range of it, out of the lake',
  long: [
    'SERIES is [MARKET/]DATASET/SYMBOL[/CONTRACT][/INTERVAL], such as klines/BTCUSDT/1h or cm/basis/BTCUSD/PERPETUAL/5m. Its files go, and that their time is covered; a run whose job asks for it fetches it again.',
    'With --from or --to, exactly the rows in this range go: files that lie in it as a whole are removed, and a file at its edge is written anew without them.',
    'Asks first at a terminal; elsewhere --yes is needed. Of what is not there nothing is removed, and the exit code is 2.',
  ],
  flags,
  examples: [
    { line: 'remove klines/BTCUSDT/1m', does: 'the whole series, after a question' },
    {
      line: 'remove aggTrades/BTCUSDT --to 2024-01-01 --yes',
      does: 'what is older than 2024, without one',
    },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const { values, operands, io, print } = call
  const [series = ''] = operands
  const { 'data-dir': dataDir, from, to } = values
  const isSure = values.yes === true
  if (!isSure && !canAsk(io))
    throw new Misuse('nothing was removed: there is no terminal to ask at', 'say --yes')
  const removed = await library.removeSeries(series, {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(isSure ? {} : { confirm: (planned) => isAgreed(question(planned), io) }),
  })
  if (removed === undefined) throw new Misuse('nothing was removed')
  if (values.json === true) await print.json(removed)
  const anew = removed.rewritten === 0 ? '' : `, ${counted(removed.rewritten, 'file')} written anew`
  await print.result(
    `${library.quoteText(removed.series)}: ${counted(removed.files, 'file')} removed${anew}\n`,
  )
  return 0
}

function question({ series, window, files, rows, bytes: size }: PlannedRemoval): string {
  const name = library.quoteText(series)
  const inside = `${counted(files, 'file')} with ${count(rows)} rows, ${bytes(size)}`
  if (window === undefined) return `Remove ${name}, ${inside}?`
  const { from, to } = window
  const range = [from && ` from ${instant(from)}`, to && ` to ${instant(to)}`].join('')
  return `Remove ${name}${range}, out of ${inside}?`
}

/** Is there somebody who reads stderr and can answer? */
function canAsk({ stdin, stderr }: Io): boolean {
  return stdin.isTerminal && stderr.isTerminal
}

/** Asks on stderr, and resolves to whether the answer is yes; the end of the input is no. */
async function isAgreed(question: string, { stdin, stderr }: Io): Promise<boolean> {
  const lines = createInterface({ input: stdin.stream, output: stderr.stream, terminal: false })
  try {
    await stderr.write(`${question} [y/N] `)
    for await (const line of lines) return /^\s*y(es)?\s*$/i.test(line)
    return false
  } finally {
    lines.close()
  }
}
