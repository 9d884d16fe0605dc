/** A command that did its work and did not succeed: the one line that ends stderr, also with `--quiet`. */

import {
  seriesName,
  type DoctorCheck,
  type Finding,
  type SeriesResult,
  type SeriesStatus,
  type Summary,
  type VerifyReport,
} from '../index.ts'
import { counted } from './human.ts'

/** Not all was fetched, or damage was found. By shape an error like those of the library. */
export class Unfinished extends Error {
  readonly code: string
  readonly exit: number
  readonly hint: string

  constructor(
    code: string,
    message: string,
    options: { readonly exit: number; readonly hint: string },
  ) {
    super(message)
    this.name = 'Unfinished'
    this.code = code
    this.exit = options.exit
    this.hint = options.hint
  }
}

/** Exit code of what could not be fetched. */
const INCOMPLETE = 3
/** Exit code of rows that were refused, and of damage. */
const DAMAGED = 4

/** What to say of a run that ended with the exit code 3 or 4. */
export function unfinishedRun({ series, exit }: Summary): Unfinished {
  const incomplete = series.filter(({ complete }) => !complete)
  const of = counted(series.length, 'series', 'series')
  const lack = `${incomplete.length} of ${of} ${incomplete.length === 1 ? 'lacks' : 'lack'} data`
  const [first] = incomplete.filter(({ error }) => exit !== DAMAGED || isRefusal(error))
  const code = exit === DAMAGED ? (first?.error?.code ?? 'E_DATA_REFUSED') : 'E_INCOMPLETE'
  const why = first?.error === undefined ? '' : `: ${seriesName(first.key)}: ${first.error.message}`
  const hint = first?.error?.hint ?? 'run again; what was fetched is kept'
  return new Unfinished(code, `${lack}${why}`, { exit, hint })
}

function isRefusal(error: SeriesResult['error']): boolean {
  return error?.code === 'E_DATA_REFUSED' || error?.code === 'E_DAMAGED'
}

/** What to say of a machine that failed some of what `doctor` looks at. */
export function unfitMachine(failed: readonly DoctorCheck[]): Unfinished {
  const [first] = failed
  const why = first === undefined ? '' : `: ${first.name}: ${first.seen}`
  return new Unfinished('E_UNFIT', `${counted(failed.length, 'check')} failed${why}`, {
    exit: 1,
    hint: first?.hint ?? 'binance-backfill doctor --json lists all',
  })
}

/** What to say of a lake in which `verify` found damage. */
export function damagedLake({ findings }: VerifyReport): Unfinished {
  const damage = findings.filter(({ severity }: Finding) => severity === 'damage')
  const [first] = damage
  const where = first === undefined ? '' : `: ${first.path}: ${first.message}`
  return new Unfinished('E_DAMAGED', `damage found in ${counted(damage.length, 'place')}${where}`, {
    exit: DAMAGED,
    hint: first?.hint ?? 'binance-backfill verify --json lists all',
  })
}

/** What to say when `verify --remote` could not compare all that it was asked to; `undefined` when it could. */
export function uncomparedArchives({ findings }: VerifyReport): Unfinished | undefined {
  const unknown = findings.filter(({ code }: Finding) => code === 'archive-unknown')
  const [first] = unknown
  if (first === undefined) return undefined
  const many = counted(unknown.length, 'archive')
  return new Unfinished('E_INCOMPLETE', `${many} could not be compared: ${first.message}`, {
    exit: INCOMPLETE,
    hint: 'run again when the archive can be reached; what the lake holds is sound',
  })
}

/** What to say of series that could not be told, since they are damaged; `undefined` when there are none. */
export function damagedSeries(
  errors: readonly NonNullable<SeriesStatus['error']>[],
): Unfinished | undefined {
  const [first] = errors
  if (first === undefined) return undefined
  const where = `damage found in ${counted(errors.length, 'series', 'series')}: ${first.message}`
  const hint = first.hint ?? 'binance-backfill verify --json lists all'
  return new Unfinished(first.code, where, { exit: DAMAGED, hint })
}
