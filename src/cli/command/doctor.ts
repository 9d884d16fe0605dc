/** `doctor`: is this machine fit for a backfill? */

import type { DoctorCheck } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { counted } from '../human.ts'
import { Unfinished } from '../failure.ts'
import { newOnes } from '../lines.ts'
import type { Paint } from '../print.ts'
import { padded } from '../table.ts'
import { library } from '../library.ts'

/** @see {@link Command} */
export const command: Command = {
  name: 'doctor',
  describe: 'check this machine: Node, directory, network, limits, clock',
  long: [
    "Checks Node's version, the data directory (write, rename, fsync), each endpoint with what is left of its rate limit, the clock against the server's, and the archive: the host of the files, and the bucket that lists them.",
    'A check that fails is a line, and the others go on. Ends with 1 when one failed, and with 5 when nothing but a limit or a ban stands in the way.',
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
  const isNew = newOnes()
  for await (const check of library.doctor(options)) {
    checks.push(check)
    await print.result(checkText(check, print.paint.out, isNew))
  }
  const failed = checks.filter(({ ok }) => !ok)
  if (values.json === true) await print.json({ ok: failed.length === 0, checks })
  if (failed.length > 0) {
    const unfit = unfitMachine(failed)
    await print.error(unfit)
    return unfit.exit
  }
  const warned = checks.filter(isWarned).length
  const but = warned === 0 ? '' : `, with ${counted(warned, 'warning')}`
  await print.result(`Fit for a backfill${but}.\n`)
  return 0
}

/** Is there something to know although the check did not fail? */
function isWarned({ ok, hint }: DoctorCheck): boolean {
  return ok && hint !== undefined
}

/** As long as the names of Binance's hosts; a longer one moves only its own line. */
const NAME_WIDTH = 35

/** One check: `ok    clock      differs by 12 ms from the exchange's`, and on the next line what to do or to know. */
function checkText(check: DoctorCheck, paint: Paint, isNew: (hint: string) => boolean): string {
  const { name, seen, hint } = check
  const line = `${markOf(check, paint)}  ${padded(library.quoteText(name), NAME_WIDTH)}  ${library.quoteText(seen)}\n`
  return hint === undefined || !isNew(hint) ? line : `${line}      ${library.quoteText(hint)}\n`
}

function markOf(check: DoctorCheck, paint: Paint): string {
  if (!check.ok) return paint.red('FAIL')
  return isWarned(check) ? paint.yellow('warn') : paint.green('ok  ')
}

/** The exchange refuses this address for a while, or this place for good. */
const REFUSED = new Set(['E_RATE_LIMITED', 'E_BANNED', 'E_BLOCKED', 'E_REGION'])

/** What to say of a machine that failed some of what `doctor` looks at. */
function unfitMachine(failed: readonly DoctorCheck[]): Unfinished {
  const [first] = failed
  const why = first === undefined ? '' : `: ${first.name}: ${first.seen}`
  return new Unfinished('E_UNFIT', `${counted(failed.length, 'check')} failed${why}`, {
    exit: failed.every(({ code = '' }) => REFUSED.has(code)) ? 5 : 1,
    hint: first?.hint ?? 'binance-backfill doctor --json lists all',
  })
}
