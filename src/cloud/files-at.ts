/** Where `--data-dir` points: to a directory of this machine, or into a bucket. */

import type { Files } from '../base/ports.ts'
import { nodeFiles } from '../node/files.ts'
import { s3Files } from './files.ts'
import { isCloud, parsePlace } from './place.ts'

/** The files of a lake. Touches nothing yet. @throws UsageError for a place that cannot be */
export function filesAt(dataDir: string): Files {
  return isCloud(dataDir) ? s3Files(parsePlace(dataDir)) : nodeFiles(dataDir)
}
