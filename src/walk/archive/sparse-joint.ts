/**
 * The ends of files of trades whose ids are left out: no id shows whether two files join. Each file stands for its own
 * time, and only silences at its ends are in doubt.
 */

import { closing, strays, type ArchiveRun, type FileStep, type OpenFile } from './archive-run.ts'
import { tradeRow } from './ends.ts'
import { gapsOf, type FileJoint, type Head, type HeadGaps, type Tail } from './file-joint.ts'
import { joined } from './late-rows.ts'
import type { Silences } from './silences.ts'

/** The ends of the files of one window. */
export class SparseJoint implements Pick<FileJoint, 'between' | 'end'> {
  readonly #run: ArchiveRun
  readonly #silencesOf: (open: OpenFile) => Silences

  constructor(run: ArchiveRun, silencesOf: (open: OpenFile) => Silences) {
    this.#run = run
    this.#silencesOf = silencesOf
  }

  /** What is known about the end of the last file, which no other one follows. */
  async *end({ late, reached, to, open }: Tail): AsyncGenerator<FileStep, void, void> {
    const rows = await Promise.resolve(joined(this.#run.plan.key, late))
    if (rows !== undefined) yield strays(rows, reached)
    yield closing(to, gapsOf(open))
  }

  /** What is missing at the end of the file before, and before the first rows of this one. */
  async *between(
    tail: Tail | undefined,
    open: OpenFile,
    { page, open: begun }: Head,
  ): AsyncGenerator<FileStep, HeadGaps, void> {
    if (tail !== undefined) yield closing(tail.to, gapsOf(tail.open))
    const { window } = open.file
    const head = this.#silencesOf(open).between(
      window.from,
      tradeRow(page, 0).time,
      tail === undefined,
    )
    return await Promise.resolve({ gaps: gapsOf([...head, ...begun]), open: [] })
  }
}
