/** `symbols`: lists what the exchange knows. */

import { listSymbols, quoteText } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { counted } from '../human.ts'
import { optionsOf } from '../options.ts'
import { table } from '../table.ts'

export const execute: Execute = async ({ values, print }) => {
  const { quote, base, status } = values
  const symbols = await listSymbols({ quote, base, status }, optionsOf(values))
  if (values.json === true) {
    await print.json({ symbols })
    return 0
  }
  const rows = symbols.map((one) =>
    [one.symbol, one.status, one.baseAsset, one.quoteAsset].map((cell) => quoteText(cell)),
  )
  await print.result(table(['SYMBOL', 'STATUS', 'BASE', 'QUOTE'], 'llll', rows))
  await print.say(counted(symbols.length, 'symbol'))
  return 0
}
