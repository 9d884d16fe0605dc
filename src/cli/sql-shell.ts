/** The prompt of `sql`: queries over several lines up to a semicolon, and a few commands. */

import { createInterface, type Interface } from 'node:readline'
import type { SqlAnswer } from '../index.ts'
import type { Call } from './command.ts'
import { writeTable } from './sql-table.ts'

const HELP = `A query ends with a semicolon and may have several lines; the arrow keys bring earlier ones back.
.tables         the datasets of the lake, each a table
.schema [NAME]  the columns of all tables, or of one
.help           this text
.quit           leave, as Ctrl-D does; Ctrl-C drops what was typed so far
`
const PROMPT = 'sql> '
const GOES_ON = '...> '

const TABLES = 'SELECT table_name AS "table" FROM information_schema.tables ORDER BY 1'

function schemaQuery(name: string): string {
  const one = name === '' ? '' : ` WHERE table_name = '${name.replaceAll("'", "''")}'`
  return `SELECT table_name AS "table", column_name AS "column", data_type AS "type" FROM information_schema.columns${one} ORDER BY table_name, ordinal_position`
}

/** Asks for queries until the input ends. A query that fails is told, and the next is asked for. */
export async function sqlShell(
  ask: (query: string) => Promise<SqlAnswer>,
  call: Pick<Call, 'io' | 'print'>,
): Promise<number> {
  const { io, print } = call
  // Whether there is a lake at all is told before the first prompt.
  ;(await ask('SELECT 1')).close()
  const lines = interfaceOf(call)
  // From now on: lines that come before somebody iterates are lost.
  const each = lines[Symbol.asyncIterator]()
  let typed = ''
  lines.on('SIGINT', () => {
    if (typed === '' && lines.line === '') lines.close()
    else {
      typed = ''
      // Drops what stands on the line too.
      lines.write(null, { ctrl: true, name: 'e' })
      lines.write(null, { ctrl: true, name: 'u' })
      lines.setPrompt(PROMPT)
      lines.prompt()
    }
  })
  await print.say('.help tells what can be typed here')
  lines.prompt()
  for await (const line of { [Symbol.asyncIterator]: () => each }) {
    const command = typed === '' ? /^\s*\.(\w*)\s*([^\s;]*)\s*;?\s*$/.exec(line) : null
    if (command !== null) {
      const [, name = '', argument = ''] = command
      if (/^(quit|exit|q)$/.test(name)) break
      const query =
        name === 'tables' ? TABLES : name === 'schema' ? schemaQuery(argument) : undefined
      if (query === undefined) await io.stdout.write(HELP)
      else await answer(query, ask, call)
    } else {
      typed = typed === '' && line.trim() === '' ? '' : `${typed}${line}\n`
      if (typed.trimEnd().endsWith(';')) {
        await answer(typed, ask, call)
        typed = ''
      }
    }
    lines.setPrompt(typed === '' ? PROMPT : GOES_ON)
    lines.prompt()
  }
  lines.close()
  return 0
}

function interfaceOf({ io }: Pick<Call, 'io'>): Interface {
  const { stdin, stdout } = io
  const isTyped = (stdin.stream as { isTTY?: boolean }).isTTY === true
  return createInterface({
    input: stdin.stream,
    output: stdout.stream,
    terminal: isTyped,
    prompt: PROMPT,
    historySize: 500,
    removeHistoryDuplicates: true,
  })
}

async function answer(
  query: string,
  ask: (query: string) => Promise<SqlAnswer>,
  call: Pick<Call, 'io' | 'print'>,
): Promise<void> {
  try {
    const found = await ask(query)
    try {
      await writeTable(found, call)
    } finally {
      found.close()
    }
  } catch (error) {
    await call.print.error(error)
  }
}
