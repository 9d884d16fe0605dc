/** docs/CLI.md, made from the same tables as the parser and the help. */

import type { Command } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT_CODES } from '../../src/cli/failure.ts'
import { isSwitch, LAKE_FLAGS, OUTPUT_FLAGS, type Flags } from '../../src/cli/flags.ts'

/** The document as Markdown. */
export function cliReference(): string {
  return [
    '# The command line',
    'Made from `src/cli/commands.ts` by `test/cli/docs.test.ts`, which fails when this page is not current; `npx vitest run --root . -c test/vitest.config.ts test/cli/docs.test.ts --update` writes it anew.',
    'Results go to stdout, words for people to stderr. Colour is for terminals only, and never with `NO_COLOR`. Flags beat environment variables. An error is one line on stderr, `error: what happened (what to do)`; with `--json` it is `{"kind":"error","code","message","hint","exit"}`.',
    table(
      ['Command', 'Does'],
      COMMANDS.map(({ name, describe }) => [`[\`${name}\`](#${name})`, describe]),
    ),
    ...COMMANDS.map(commandSection),
    '## Lake and exchange',
    'Flags of `run`, `plan`, `status`, `verify`, `symbols`, `report` and `doctor`.',
    flagTable(LAKE_FLAGS),
    '## Output',
    'Flags of every command.',
    flagTable(OUTPUT_FLAGS),
    '## Exit codes',
    table(
      ['Code', 'Means'],
      EXIT_CODES.map(([code, meaning]) => [code, escaped(meaning)]),
    ),
  ].join('\n\n')
}

function commandSection(command: Command): string {
  const { name, operands, describe, long, flags, takesLake, examples } = command
  const usage = ['binance-backfill', name, operands, '[FLAGS]'].filter((word) => word !== undefined)
  return [
    `## ${name}`,
    `${capital(describe)}.`,
    `\`\`\`sh\n${usage.join(' ')}\n\`\`\``,
    ...long.map(escaped),
    ...(Object.keys(flags).length === 0 ? [] : [flagTable(flags)]),
    ...(takesLake !== true ? [] : ['Also the flags of [lake and exchange](#lake-and-exchange).']),
    `\`\`\`sh\n${examples.map(({ line, does }) => `# ${does}\nbinance-backfill ${line}`).join('\n\n')}\n\`\`\``,
  ].join('\n\n')
}

function flagTable(flags: Flags): string {
  return table(
    ['Flag', 'Meaning', 'Default', 'Environment'],
    Object.entries(flags).map(([name, flag]) => {
      const { describe, value, default: preset = '', env } = flag
      const written = isSwitch(flag) ? `--${name}` : `--${name} ${value ?? ''}`
      return [
        `\`${written}\``,
        escaped(describe),
        escaped(preset),
        env === undefined ? '' : `\`${env}\``,
      ]
    }),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[|*_<>]/g, '\\$&')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
