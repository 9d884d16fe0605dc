/** Speeds of the two sources, for runs that are to prefer one of them; the stand-in answers within a millisecond. */

import type { Measured } from '../../src/plan/speed.ts'

/** So slow is REST that `auto` takes every file there is. */
export const FILES_FIRST: Measured = { pageSeconds: 60, fileSeconds: 0 }

/** So slow is the archive that `auto` takes nothing from it but what REST lacks. */
export const PAGES_FIRST: Measured = { pageSeconds: 0.001, fileSeconds: 60 }

/** Files where they are large, pages where they are few. */
export const SOME_OF_BOTH: Measured = { pageSeconds: 0.4, fileSeconds: 0.1 }
