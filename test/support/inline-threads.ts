/** Threads that are none: what they do is done at once, by way of the same plain data. */

import { ThreadError } from '../../src/base/errors.ts'
import type { Readable, Threads } from '../../src/base/ports.ts'
import { pour, refill } from '../../src/node/poured.ts'
import { errorOf, plainError } from '../../src/node/thread-error.ts'
import { packFile, type PackJob } from '../../src/walk/archive/pack-file.ts'

const open: Readable[] = []

/** A file in memory that {@link inlineThreads} can read. */
export function described(file: Readable): Readable {
  return { ...file, descriptor: open.push(file) - 1 }
}

/** @param dies - Does a thread die at this row group, counted over all files from 0? */
export function inlineThreads(dies: (group: number) => boolean = () => false): Threads {
  let groups = 0
  return {
    count: 2,
    bytesMin: 0,
    async *run(_, job) {
      const file = open[(job as PackJob).descriptor]!
      try {
        for await (const sent of packFile(structuredClone(job) as PackJob, file)) {
          if (dies(groups++)) throw new ThreadError('a thread died')
          const { data, buffer } = pour(sent)
          yield refill({ data: structuredClone(data), buffer }) as object
        }
      } catch (error) {
        throw error instanceof ThreadError ? error : errorOf(plainError(error))
      }
    },
    close: () => Promise.resolve(),
  }
}
