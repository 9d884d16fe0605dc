/** The heap of the process. */

import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the part of the heap small where objects begin. Rows live in large arrays outside of it, which are freed once
 * the small objects that stand for them are found dead: the smaller this part, the sooner. For a process of one's own
 * only, since it holds for all that runs in it.
 */
export function keepYoungObjectsFew(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
