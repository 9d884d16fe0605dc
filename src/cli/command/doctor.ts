/** `doctor`: is this machine fit for a backfill? */

import { doctor, quoteText, type DoctorCheck } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { optionsOf } from '../options.ts'
import type { Paint } from '../print.ts'
import { padded } from '../table.ts'
import { unfitMachine } from '../unfinished.ts'

export const execute: Execute = async ({ values, print }) => {
  const checks: DoctorCheck[] = []
  for await (const check of doctor(optionsOf(values))) {
    checks.push(check)
    await print.result(checkText(check, print.paint.out))
  }
  const failed = checks.filter(({ ok }) => !ok)
  if (values.json === true) await print.json({ ok: failed.length === 0, checks })
  if (failed.length === 0) {
    await print.result('Fit for a backfill.\n')
    return 0
  }
  const unfit = unfitMachine(failed)
  await print.error(unfit)
  return unfit.exit
}

/** One check: `ok    clock      12 ms ahead of the server`, and its hint when it failed. */
export function checkText({ name, ok, seen, hint }: DoctorCheck, paint: Paint): string {
  const mark = ok ? paint.green('ok  ') : paint.red('FAIL')
  const line = `${mark}  ${padded(quoteText(name), 14)}  ${quoteText(seen)}\n`
  return ok || hint === undefined ? line : `${line}      ${quoteText(hint)}\n`
}
