/** `doctor`: is this machine fit for a backfill? */

import { doctor, quoteText, type DoctorCheck } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { counted } from '../human.ts'
import { optionsOf } from '../options.ts'
import type { Paint } from '../print.ts'
import { padded } from '../table.ts'

export const execute: Execute = async ({ values, print }) => {
  const checks: DoctorCheck[] = []
  for await (const check of doctor(optionsOf(values))) {
    checks.push(check)
    await print.result(checkText(check, print.paint.out))
  }
  const failed = checks.filter(({ ok }) => !ok).length
  if (values.json === true) await print.json({ ok: failed === 0, checks })
  const end = failed === 0 ? 'Fit for a backfill.' : `${counted(failed, 'check')} failed.`
  await print.result(`${end}\n`)
  return failed === 0 ? 0 : 1
}

/** One check: `ok    clock      12 ms ahead of the server`, and its hint when it failed. */
export function checkText({ name, ok, seen, hint }: DoctorCheck, paint: Paint): string {
  const mark = ok ? paint.green('ok  ') : paint.red('FAIL')
  const line = `${mark}  ${padded(quoteText(name), 14)}  ${quoteText(seen)}\n`
  return ok || hint === undefined ? line : `${line}      ${quoteText(hint)}\n`
}
