/** The code of each command, loaded only when it is called, so that help and usage errors come at once. */

import type { CommandName, Execute } from './commands.ts'

/** Loads the code of a command. */
export const LOADERS: Readonly<Record<CommandName, () => Promise<{ readonly execute: Execute }>>> =
  {
    run: () => import('./command/run.ts'),
    plan: () => import('./command/plan.ts'),
    status: () => import('./command/status.ts'),
    verify: () => import('./command/verify.ts'),
    validate: () => import('./command/validate.ts'),
    schema: () => import('./command/schema.ts'),
    symbols: () => import('./command/symbols.ts'),
    report: () => import('./command/report.ts'),
    sql: () => import('./command/sql.ts'),
    simulate: () => import('./command/simulate.ts'),
    doctor: () => import('./command/doctor.ts'),
    quickstart: () => import('./command/quickstart.ts'),
    completion: () => import('./command/completion.ts'),
  }
