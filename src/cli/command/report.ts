/** `report`: writes the page that shows what the lake holds. */

import { quoteText, writeReport } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { bytes, counted } from '../human.ts'
import { jobsFromFiles } from '../jobs.ts'
import { optionsOf, readWindow } from '../options.ts'
import { damagedSeries } from '../unfinished.ts'

const DEFAULT_OUT = 'report.html'

export const execute: Execute = async ({ values, operands, print }) => {
  const jobs = await jobsFromFiles(operands)
  const { window, out = DEFAULT_OUT } = values
  const options = {
    ...optionsOf(values),
    ...(window === undefined ? {} : { window: readWindow('--window', window) }),
    candles: values['no-candles'] !== true,
  }
  const summary = await writeReport(out, jobs, options)
  if (values.json === true) await print.json(summary)
  const { path, series, candles, charts } = summary
  const drawn = candles === 0 ? '' : `, ${counted(candles, 'candle')} of ${charts}`
  await print.result(
    `${quoteText(path)}: ${counted(series, 'series', 'series')}${drawn}, ${bytes(summary.bytes)}\n`,
  )
  const damage = damagedSeries(summary.damage)
  if (damage !== undefined) await print.error(damage)
  return damage?.exit ?? 0
}
