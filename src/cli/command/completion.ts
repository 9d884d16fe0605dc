/** `completion`: prints the script with which a shell completes this command; yargs has it. */

import type { Execute } from '../commands.ts'
import { withCompletion, yargsOf } from '../parse.ts'

export const execute: Execute = async () => {
  await withCompletion(yargsOf(['completion'])).parseAsync()
  return 0
}
