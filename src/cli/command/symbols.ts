/** `symbols`: lists what the exchange knows. */

import type { Call, Command } from '../command.ts'
import type { SymbolEntry } from '../../index.ts'
import type { Flags } from '../flags.ts'
import { counted } from '../human.ts'
import { readChoice, readText } from '../read.ts'
import { table } from '../table.ts'
import { library } from '../library.ts'

const flags = {
  market: {
    describe: 'which market: spot, um (USD-M futures) or cm (COIN-M futures)',
    value: 'MARKET',
    default: 'spot',
    choices: ['spot', 'um', 'cm'],
    read: readText,
  },
  quote: { describe: 'only symbols quoted in this asset', value: 'ASSET', read: readText },
  base: { describe: 'only symbols of this asset', value: 'ASSET', read: readText },
  match: {
    describe: 'only symbols of this pattern: * stands for any characters, ? for one',
    value: 'PATTERN',
    read: readText,
  },
  status: {
    describe: 'only symbols with this status, such as TRADING',
    value: 'STATUS',
    read: readText,
  },
  universe: {
    describe:
      'listed: those of exchangeInfo; all-time: also those that only the archive still has, with their first month and last',
    value: 'UNIVERSE',
    default: 'listed',
    read: readChoice(['listed', 'all-time']),
  },
  'listed-from': {
    describe: 'with all-time: only symbols that were still listed then or later, by months',
    value: 'DATE',
    read: readText,
  },
  'listed-to': {
    describe: 'with all-time: only symbols that were listed before then, by months',
    value: 'DATE',
    read: readText,
  },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'symbols',
  describe: 'list the symbols that the exchange knows',
  long: [
    'Reads exchangeInfo, and with --universe all-time the listing of the archive. All given filters must match.',
    'A symbol that exchangeInfo does not know any more is DELISTED; its base and quote are told by its name, where the longest known quote wins. Names that can be parted in another way too are named on stderr.',
  ],
  flags,
  takesLake: true,
  examples: [
    { line: 'symbols --quote USDT --status TRADING', does: 'all that trade against USDT' },
    { line: "symbols --match '*DOWNUSDT'", does: 'all whose names end so' },
    { line: 'symbols --market um --quote USDT', does: 'the USD-M contracts in USDT' },
    {
      line: 'symbols --universe all-time --quote USDT',
      does: 'all that ever traded against USDT, and from when to when',
    },
    {
      line: 'symbols --universe all-time --listed-from 2022-01-01 --listed-to 2023-01-01',
      does: 'all that were listed at some time in 2022',
    },
    { line: 'symbols --base BTC --json', does: 'all that BTC trades against, as JSON' },
  ],
  execute,
}

async function execute({ values, options, print }: Call<typeof flags>): Promise<number> {
  const { market, quote, base, match, status, universe } = values
  const { 'listed-from': listedFrom, 'listed-to': listedTo } = values
  const filter = { market, quote, base, match, status, universe, listedFrom, listedTo }
  const symbols = await library.listSymbols(filter, options)
  const doubtful = symbols.filter(({ isAmbiguous }) => isAmbiguous === true)
  if (doubtful.length > 0) await print.say(ambiguous(doubtful))
  if (values.json === true) {
    await print.json({ symbols })
    return 0
  }
  const isAllTime = universe === 'all-time'
  const rows = symbols.map((one) => {
    const months = isAllTime ? [one.first ?? '', one.last ?? ''] : []
    const cells = [one.symbol, one.status, one.baseAsset, one.quoteAsset, ...months]
    return cells.map((cell) => library.quoteText(cell))
  })
  const head = ['SYMBOL', 'STATUS', 'BASE', 'QUOTE', ...(isAllTime ? ['FIRST', 'LAST'] : [])]
  await print.result(table(head, 'l'.repeat(head.length), rows))
  await print.say(counted(symbols.length, 'symbol'))
  return 0
}

/** Symbols named at most. */
const NAMED_MAX = 10

function ambiguous(symbols: readonly SymbolEntry[]): string {
  const some = symbols.slice(0, NAMED_MAX).map(({ symbol }) => library.quoteText(symbol))
  const more = symbols.length > NAMED_MAX ? ` and ${symbols.length - NAMED_MAX} more` : ''
  return `base and quote are not sure, the longest known quote is taken: ${some.join(', ')}${more}`
}
