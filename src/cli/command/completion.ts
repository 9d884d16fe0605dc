/** `completion`: prints the script with which a shell completes this command. */

import type { Call, Command } from '../command.ts'
import { Misuse } from '../failure.ts'
import { SHELLS } from '../shells.ts'

/** @see {@link Command} */
export const command: Command = {
  name: 'completion',
  operands: '[SHELL]',
  describe: 'print a completion script for bash, zsh or fish',
  long: [
    'Prints the script for bash, zsh or fish; without a name, for the shell that $SHELL names. It completes commands, flags, their values, and the symbols, series and runs of the lake.',
  ],
  flags: {},
  examples: [
    { line: 'completion bash >> ~/.bashrc', does: 'bash' },
    { line: 'completion zsh >> ~/.zshrc', does: 'zsh' },
    {
      line: 'completion fish > ~/.config/fish/conf.d/backfill.fish',
      does: 'fish',
    },
  ],
  execute,
}

async function execute({ operands, io, print }: Call): Promise<number> {
  const named = operands[0] ?? io.env['SHELL']?.split('/').at(-1) ?? ''
  const shell = SHELLS.find((one) => one === named)
  if (shell === undefined)
    throw new Misuse(
      `completion: expected bash, zsh or fish, got "${named}"`,
      'Name the shell: binance-backfill completion bash',
    )
  await print.result(SCRIPTS[shell])
  return 0
}

/** Where nothing is offered, each shell completes the names of files. */
const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: `# binance-backfill
_binance_backfill() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(binance-backfill --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # bash completes only what follows the sign in --flag=value.
  [[ "\${COMP_WORDS[COMP_CWORD]}" == = || "\${COMP_WORDS[COMP_CWORD - 1]}" == = ]] &&
    COMPREPLY=("\${COMPREPLY[@]#*=}")
}
complete -o bashdefault -o default -F _binance_backfill binance-backfill
`,
  zsh: `#compdef binance-backfill
_binance_backfill() {
  local -a found
  found=("\${(@f)$(binance-backfill --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z "\${found[1]}" ]]; then
    _files
    return
  fi
  found=("\${(@)found//:/\\\\:}")
  found=("\${(@)found/$'\\t'/:}")
  _describe binance-backfill found
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _binance_backfill binance-backfill
`,
  fish: `# binance-backfill
function __binance_backfill
  set -l found (binance-backfill --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c binance-backfill -f -a '(__binance_backfill)'
`,
}
