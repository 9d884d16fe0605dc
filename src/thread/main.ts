/** What the threads of this program do, by name. The pool loads this file in each of them. */

import { threadOf } from '../node/thread-work.ts'
import { inspectFile } from '../verify/inspection.ts'
import { packFile } from '../walk/archive/pack-file.ts'

export default threadOf({ packFile, inspectFile })
