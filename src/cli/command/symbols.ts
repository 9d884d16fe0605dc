/** `symbols`: lists what the exchange knows. */

import type { Call, Command } from '../command.ts'
import type { Flags } from '../flags.ts'
import { counted } from '../human.ts'
import { readText } from '../read.ts'
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
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'symbols',
  describe: 'list the symbols that the exchange knows',
  long: ['Reads exchangeInfo. All given filters must match.'],
  flags,
  takesLake: true,
  examples: [
    { line: 'symbols --quote USDT --status TRADING', does: 'all that trade against USDT' },
    { line: "symbols --match '*DOWNUSDT'", does: 'all whose names end so' },
    { line: 'symbols --market um --quote USDT', does: 'the USD-M contracts in USDT' },
    { line: 'symbols --base BTC --json', does: 'all that BTC trades against, as JSON' },
  ],
  execute,
}

async function execute({ values, options, print }: Call<typeof flags>): Promise<number> {
  const { market, quote, base, match, status } = values
  const symbols = await library.listSymbols({ market, quote, base, match, status }, options)
  if (values.json === true) {
    await print.json({ symbols })
    return 0
  }
  const rows = symbols.map((one) =>
    [one.symbol, one.status, one.baseAsset, one.quoteAsset].map((cell) => library.quoteText(cell)),
  )
  await print.result(table(['SYMBOL', 'STATUS', 'BASE', 'QUOTE'], 'llll', rows))
  await print.say(counted(symbols.length, 'symbol'))
  return 0
}
