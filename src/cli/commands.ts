/** Every command, and every flag of theirs. */

import { command as completion } from './command/completion.ts'
import { command as doctor } from './command/doctor.ts'
import { command as history } from './command/history.ts'
import { command as enqueue } from './command/enqueue.ts'
import { command as exportRows } from './command/export.ts'
import { command as init } from './command/init.ts'
import { command as plan } from './command/plan.ts'
import { command as queue } from './command/queue.ts'
import { command as quickstart } from './command/quickstart.ts'
import { command as remove } from './command/remove.ts'
import { command as report } from './command/report.ts'
import { command as run } from './command/run.ts'
import { command as schema } from './command/schema.ts'
import { command as serve } from './command/serve.ts'
import { command as simulate } from './command/simulate.ts'
import { command as sql } from './command/sql.ts'
import { command as status } from './command/status.ts'
import { command as symbols } from './command/symbols.ts'
import { command as validate } from './command/validate.ts'
import { command as verify } from './command/verify.ts'
import { command as worker } from './command/worker.ts'
import type { Command } from './command.ts'
import { LAKE_FLAGS, OUTPUT_FLAGS, type Flags } from './flags.ts'

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  run,
  plan,
  status,
  verify,
  history,
  init,
  validate,
  schema,
  symbols,
  report,
  serve,
  sql,
  exportRows,
  remove,
  enqueue,
  worker,
  queue,
  simulate,
  doctor,
  quickstart,
  completion,
]

/** Every flag by name; of those that several commands declare, one: all take a value, or none does. */
export const FLAGS: Flags = Object.assign(
  {},
  ...COMMANDS.map(({ flags }) => flags),
  LAKE_FLAGS,
  OUTPUT_FLAGS,
  { version: { describe: 'print the version' } },
) as Flags
