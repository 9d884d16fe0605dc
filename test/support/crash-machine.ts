/** A machine for simulated lives: a disk that forgets what was not synced, and processes that come and go on it. */

import { parseMicros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import type { FsCalls } from '../../src/node/fs-calls.ts'
import type { Exchange } from '../../src/simulator/index.ts'
import { simClock } from './sim-clock.ts'
import { simDisk, type SimDisk } from './sim-disk.ts'
import { simProcesses } from './sim-world.ts'
import { virtualWorld, type VirtualWorld } from './virtual.ts'
import { put } from './put.ts'

/** The lake's directory on simulated disks. */
export const ROOT = '/lake'

/** Files by their absolute paths. */
export type Disk = ReadonlyMap<string, Uint8Array>

/** A machine: a disk, and processes that come and go on it. */
export type Machine = {
  readonly disk: SimDisk
  /** A new process; it is dead when `end` was called. */
  boot(calls: FsCalls, start: string): { readonly world: VirtualWorld; readonly end: () => void }
}

/**
 * A machine with files on its disk.
 *
 * @param isTimeless - Its clock stands: for work that takes real time, during which it would run on, and that waits for
 * nothing.
 */
export async function machineWith(
  content: Disk,
  makeExchange: () => Exchange,
  isTimeless = false,
): Promise<Machine> {
  const disk = simDisk()
  await fill(disk, content)
  const processes = simProcesses()
  let seed = 0
  return {
    disk,
    boot: (calls, start) => {
      const process = processes.spawn()
      const clock = simClock({ start: parseMicros(start), isIdle: () => !isTimeless })
      const files = nodeFiles(ROOT, calls)
      const world = virtualWorld(makeExchange(), { clock, files, process, seed: ++seed })
      return {
        world,
        end: () => {
          process.kill()
          clock.stop()
        },
      }
    },
  }
}

/** Puts files on a disk, durably. */
async function fill({ calls }: SimDisk, content: Disk): Promise<void> {
  const files = nodeFiles(ROOT, calls)
  for (const [path, bytes] of content) await put(files, path.slice(ROOT.length + 1), bytes)
}
