/** `status`: prints what the lake holds. */

import { status } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { jobsFromFiles } from '../jobs.ts'
import { optionsOf } from '../options.ts'
import { statusDocument } from '../shape.ts'
import { standing } from '../standing.ts'
import { damagedSeries } from '../unfinished.ts'

export const execute: Execute = async ({ values, operands, print }) => {
  const report = await status(await jobsFromFiles(operands), optionsOf(values))
  const withRevisions = values.revisions === true
  if (values.json === true) await print.json(statusDocument(report, withRevisions))
  else await print.result(standing(report, withRevisions))
  const damage = damagedSeries(
    report.series.flatMap(({ error }) => (error === undefined ? [] : [error])),
  )
  if (damage !== undefined) await print.error(damage)
  return damage?.exit ?? 0
}
