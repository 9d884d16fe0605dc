/** What the process ends with, and what that means; the help and docs/CLI.md are made from this table. */

/** The exit codes that mean something to a script, in the order of their numbers. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done: all that was asked for is covered, known exchange gaps included'],
  ['1', 'unexpected failure'],
  ['2', 'the command line or a job file is not valid; nothing was done'],
  ['3', 'some of it could not be fetched; what was is kept; run again'],
  ['4', "verify found damage, or the exchange's data was refused"],
  ['5', 'rate limited or banned for longer than --max-wait'],
  ['6', 'another run holds the lake'],
  ['10', 'plan --detailed-exitcode: there is work to do'],
  ['129, 130, 143', 'stopped by SIGHUP, SIGINT or SIGTERM, after a clean commit'],
]
