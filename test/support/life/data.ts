/** The bytes of a lake that are data or say what data there is. */

import { ROOT } from '../crash-machine.ts'
import type { SimDisk } from '../sim-disk.ts'
import { Violation } from './law.ts'

/** Files by their paths. */
export type Data = ReadonlyMap<string, Uint8Array>

/** What is there now. */
export function dataOf(disk: SimDisk): Data {
  return new Map([...disk.files()].filter(([path]) => path.startsWith(`${ROOT}/spot/`)))
}

/** @throws Violation when a byte was changed by `what` */
export function expectSame(before: Data, after: Data, what: string): void {
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
    const [old, now] = [before.get(path), after.get(path)]
    return old === undefined || now === undefined || !Buffer.from(old).equals(now)
  })
  if (changed.length > 0) throw new Violation(`${what} changes ${changed.join(', ')}`)
}
