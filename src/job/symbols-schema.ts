/** The symbols of a job: a list, or a filter. */

import * as z from 'zod'
import type { Micros } from '../base/time.ts'
import { UNIVERSES, type SymbolFilter, type SymbolList, type SymbolSelection } from './job.ts'
import { DAY_SOURCE, readDay } from './moment.ts'
import { MATCH_SOURCE, readPattern } from './pattern.ts'
import { list, text, word } from './schema-text.ts'
import { SYMBOL_SOURCE, SYMBOL_STATUSES, readAsset, readStatus, readSymbol } from './symbol.ts'

const symbol = text(readSymbol, {
  description: 'A symbol as Binance writes it: in capital letters, without separator.',
  pattern: SYMBOL_SOURCE,
  errorMessage:
    'Not a symbol: write it as Binance does, in capitals without separator, such as BTCUSDT.',
  examples: ['BTCUSDT'],
})

const asset = (description: string): z.ZodType<string, string> =>
  text(readAsset, {
    description,
    pattern: SYMBOL_SOURCE,
    errorMessage: 'Not an asset: write it in capitals, such as USDT.',
    examples: ['USDT'],
  })

const matchOne = text(readPattern, {
  description: 'A pattern of symbols: `*` stands for any characters, `?` for one.',
  pattern: MATCH_SOURCE,
  errorMessage: 'Not a pattern of symbols: write e.g. "*USDT", in capitals and quotes.',
  examples: ['*USDT'],
})
const match = z
  .union([list(matchOne), matchOne.transform((pattern) => [pattern])])
  .meta({ description: 'Only symbols that fit this pattern, or one of these.' })

const symbolList = list(symbol)
  .meta({ description: 'Symbols one by one.', uniqueItems: true })
  .transform((symbols): SymbolList => ({ kind: 'list', symbols }))

const day = (description: string): z.ZodType<Micros, string> =>
  text(readDay, {
    description,
    pattern: DAY_SOURCE,
    errorMessage: 'Not a date: write e.g. 2024-01-01.',
    examples: ['2024-01-01'],
  })

const listed = z
  .strictObject({
    from: day('They were still listed then or later.').optional(),
    to: day('They were listed before then.').optional(),
  })
  .meta({
    description:
      'With `universe: all-time`: only symbols that were listed at some time between these dates, by the months that the archive has of them.',
    anyOf: ['from', 'to'].map((key) => ({ required: [key] })),
  })

const symbolFilter = z
  .strictObject({
    quote: asset('Only pairs quoted in this asset.').optional(),
    base: asset('Only pairs of this asset.').optional(),
    status: text(readStatus, {
      description: 'Only pairs in this state now.',
      enum: SYMBOL_STATUSES,
      examples: ['TRADING'],
    }).optional(),
    match: match.optional(),
    universe: word(UNIVERSES, {
      description:
        '`listed` (the default): the symbols that exchangeInfo lists. `all-time`: also those that only the archive still has.',
    }).optional(),
    listed: listed.optional(),
    exclude: z
      .array(symbol)
      .meta({ description: 'Symbols to leave out.', uniqueItems: true })
      .optional(),
  })
  .meta({
    description: 'Symbols by their properties, looked up by each run.',
    anyOf: ['quote', 'base', 'status', 'match', 'universe'].map((key) => ({ required: [key] })),
  })
  .transform(({ exclude = [], ...filter }): SymbolFilter => ({
    kind: 'filter',
    ...filter,
    exclude,
  }))

/** The value of `symbols`. */
export const symbolSelection: z.ZodType<SymbolSelection> = z
  .union([symbolList, symbolFilter])
  .meta({
    title: 'Symbols',
    description: 'Which symbols: a list, or a filter on exchangeInfo.',
    examples: [['BTCUSDT', 'ETHUSDT'], { quote: 'USDT', status: 'TRADING' }],
  })

/** The keys of a symbol filter. */
export const FILTER_KEYS: readonly string[] = [
  'quote',
  'base',
  'status',
  'match',
  'universe',
  'listed',
  'exclude',
]
