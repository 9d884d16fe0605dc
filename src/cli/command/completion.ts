/** `completion`: prints the script with which a shell completes this command; yargs has it. */

import type { Call, Command } from '../command.ts'
import { withCompletion, yargsOf } from '../yargs.ts'

/** @see {@link Command} */
export const command: Command = {
  name: 'completion',
  describe: 'print a completion script for bash or zsh',
  long: ['Prints the script for the shell that $SHELL names.'],
  flags: {},
  examples: [
    { line: 'completion >> ~/.bashrc', does: 'bash' },
    { line: 'completion >> ~/.zshrc', does: 'zsh' },
  ],
  execute,
}

async function execute({ commands }: Call): Promise<number> {
  await withCompletion(yargsOf(commands, ['completion'])).parseAsync()
  return 0
}
