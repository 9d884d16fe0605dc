/** `report`: writes the page that shows what the lake holds. */

import type { Call, Command } from '../command.ts'
import type { Flags } from '../flags.ts'
import { damagedSeries } from '../failure.ts'
import { bytes, counted } from '../human.ts'
import { jobsFromFiles } from '../jobs.ts'
import { readText, readRange } from '../read.ts'
import { library } from '../library.ts'
import { shardField, shardLine } from '../shard.ts'

const DEFAULT_OUT = 'report.html'

const flags = {
  out: {
    describe: 'the file to write; replaced when it is there',
    value: 'FILE',
    default: 'report.html',
    read: readText,
  },
  window: {
    describe: 'draw candles of this window',
    value: 'FROM..TO',
    default: 'the newest 50,000 rows of each series',
    read: readRange,
    conflicts: ['no-candles'],
  },
  'no-candles': { describe: 'draw no candles, so that no data file is read' },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'report',
  operands: '[JOB...]',
  describe: 'write a page that shows what the lake holds',
  long: [
    'Writes one HTML file that needs no network: for each series a calendar of what is covered, missing, known to be a gap, or changed later; totals, sizes and sources; candles and volume of kline series. Without jobs: every series in the lake.',
    'Candles are of the newest rows of each series, put together into fewer, longer ones; --window names others.',
  ],
  flags,
  takesLake: true,
  isSharded: true,
  examples: [
    { line: 'report', does: 'everything in ./data, to report.html' },
    {
      line: 'report jobs/majors.yaml --out /var/www/html/lake.html',
      does: 'what one job asks for, to another file',
    },
    { line: 'report --window 2024-01-01..2024-02-01', does: 'with the candles of one month' },
    { line: 'report --no-candles', does: 'without reading a data file' },
  ],
  execute,
}

async function execute({ values, options, operands, print }: Call<typeof flags>): Promise<number> {
  const { window, out = DEFAULT_OUT } = values
  const summary = await library.writeReport(out, await jobsFromFiles(operands), {
    ...options,
    ...(window === undefined ? {} : { window }),
    candles: values['no-candles'] !== true,
  })
  if (values.json === true) await print.json({ ...summary, ...shardField(options.shard) })
  const { path, series, candles, charts } = summary
  const drawn = candles === 0 ? '' : `, ${counted(candles, 'candle')} of ${charts}`
  await print.result(
    `${library.quoteText(path)}: ${counted(series, 'series', 'series')}${drawn}, ${bytes(summary.bytes)}\n${shardLine(options.shard)}`,
  )
  const damage = damagedSeries(summary.damage)
  if (damage !== undefined) await print.error(damage)
  return damage?.exit ?? 0
}
