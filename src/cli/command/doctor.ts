/** `doctor`: is this machine fit for a backfill? */

import type { DoctorCheck } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { counted } from '../human.ts'
import { Unfinished } from '../failure.ts'
import type { Paint } from '../print.ts'
import { padded } from '../table.ts'
import { library } from '../library.ts'

/** @see {@link Command} */
export const command: Command = {
  name: 'doctor',
  describe: 'check this machine: Node, clock, directory, network, limits',
  long: [
    "Checks Node's version, the data directory (write, rename, fsync), each endpoint, the clock against the server's, and what is left of the rate limit. Ends with 1 when a check fails.",
  ],
  flags: {},
  takesLake: true,
  examples: [
    { line: 'doctor', does: 'before the first run' },
    { line: 'doctor --data-dir /srv/lake --json', does: 'another directory, as JSON' },
  ],
  execute,
}

async function execute({ values, options, print }: Call): Promise<number> {
  const checks: DoctorCheck[] = []
  for await (const check of library.doctor(options)) {
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
  const line = `${mark}  ${padded(library.quoteText(name), 14)}  ${library.quoteText(seen)}\n`
  return ok || hint === undefined ? line : `${line}      ${library.quoteText(hint)}\n`
}

/** What to say of a machine that failed some of what `doctor` looks at. */
function unfitMachine(failed: readonly DoctorCheck[]): Unfinished {
  const [first] = failed
  const why = first === undefined ? '' : `: ${first.name}: ${first.seen}`
  return new Unfinished('E_UNFIT', `${counted(failed.length, 'check')} failed${why}`, {
    exit: 1,
    hint: first?.hint ?? 'binance-backfill doctor --json lists all',
  })
}
