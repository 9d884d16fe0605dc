/** A partition inspected, in another thread where there are several. */

import { isChanged } from '../base/errors.ts'
import type { Files, Threads } from '../base/ports.ts'
import { datasetOf } from '../binance/market.ts'
import { readOpen } from '../node/open-file.ts'
import { schemaOf } from '../rows/schema.ts'
import { partitionPath } from '../store/layout.ts'
import type { Manifest } from '../store/manifest.ts'
import { goneFile, inspectOpened, type Inspected, type Suspect } from './inspect.ts'
import { inspectorOf } from './inspectors.ts'

/** So often a file may be replaced while it is read. */
const TURNS_MAX = 8

/** Where partitions are, and who inspects them. */
type Machine = { readonly files: Files; readonly threads?: Threads }

/** Everything that is wrong with a partition, and how many rows it has; of a file that is replaced meanwhile, the new one. */
export async function inspect(
  machine: Machine,
  period: string,
  manifest: Manifest,
): Promise<Inspected> {
  for (let turn = 1; ; turn++)
    try {
      return await inspectNow(machine, period, manifest)
    } catch (error) {
      if (!isChanged(error) || turn === TURNS_MAX) throw error
    }
}

async function inspectNow(
  { files, threads }: Machine,
  period: string,
  manifest: Manifest,
): Promise<Inspected> {
  const path = partitionPath(manifest.key, period)
  const file = await files.open(path)
  if (file === undefined) return goneFile(manifest, period)
  try {
    const { descriptor, sizeBytes } = file
    if (threads === undefined || descriptor === undefined || sizeBytes < threads.bytesMin)
      return await inspectOpened(suspectOf(period, manifest), file)
    const job: InspectJob = { descriptor, sizeBytes, path, period, manifest }
    for await (const seen of threads.run('inspectFile', job)) return seen as Inspected
    throw new RangeError('a thread saw nothing')
  } finally {
    await file.close()
  }
}

/** A partition for another thread: the descriptor of its file, which is open meanwhile, and what it should be. */
export type InspectJob = {
  readonly descriptor: number
  readonly sizeBytes: number
  readonly path: string
  readonly period: string
  readonly manifest: Manifest
}

/** What a thread does: {@link inspect}, of a file that is open. */
export async function* inspectFile(job: InspectJob): AsyncGenerator<Inspected, void, void> {
  yield await inspectOpened(suspectOf(job.period, job.manifest), readOpen(job))
}

function suspectOf(period: string, manifest: Manifest): Suspect {
  const { key, numbers } = manifest
  const schema = schemaOf(datasetOf(key), numbers)
  return { key, period, manifest, schema, inspector: inspectorOf(key, period, manifest) }
}
