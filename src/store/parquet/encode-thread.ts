/** The thread that encodes row groups; see encoder.ts. */

import { answerTasks } from '../../node/thread.ts'
import { encodeHere, memoryOf, type EncodedRowGroup, type EncodeTask } from './encoder.ts'

answerTasks(async ({ views, compression }: EncodeTask) => {
  const answer: EncodedRowGroup = await encodeHere(views, compression)
  const memory = answer.chunks.map(({ bytes }) => bytes.buffer as ArrayBuffer)
  return { answer, memory: [...memoryOf(views), ...memory] }
})
