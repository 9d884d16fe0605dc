// What we use of piscina 5.3.2, in the place of its own types (tsconfig.json): those do not hold under
// exactOptionalPropertyTypes.

import type { Transferable } from 'node:worker_threads'

export class Piscina {
  constructor(options: {
    readonly filename: string
    readonly minThreads: number
    readonly maxThreads: number
    readonly concurrentTasksPerWorker: number
    /** Milliseconds. */
    readonly idleTimeout: number
  })
  /** Rejects with what the task throws, and when its thread ends. */
  run(task: object, options: { readonly transferList: readonly Transferable[] }): Promise<unknown>
  destroy(): Promise<void>
}
