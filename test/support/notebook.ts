/** Notebooks, run without Jupyter: their code cells in order, in one program, what each prints kept apart. */

import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'

type Cell = {
  readonly cell_type: string
  readonly source: readonly string[]
  readonly outputs?: { readonly text?: readonly string[] }[]
}

/** A notebook as the file has it (nbformat 4). */
export type Notebook = { readonly cells: readonly Cell[] } & Readonly<Record<string, unknown>>

/** Reads a notebook. */
export async function readNotebook(path: string): Promise<Notebook> {
  return JSON.parse(await readFile(path, 'utf8')) as Notebook
}

function codeCells({ cells }: Notebook): readonly Cell[] {
  return cells.filter(({ cell_type }) => cell_type === 'code')
}

/** What the notebook says that its code cells print. */
export function savedOutputs(notebook: Notebook): readonly string[] {
  return codeCells(notebook).map(({ outputs = [] }) =>
    outputs.flatMap(({ text = [] }) => text).join(''),
  )
}

/** Writes `outputs` into the notebook. */
export async function saveOutputs(
  path: string,
  notebook: Notebook,
  outputs: readonly string[],
): Promise<void> {
  let next = 0
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== 'code') return cell
    const text = outputs[next++] ?? ''
    const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
    const output = { name: 'stdout', output_type: 'stream', text: lines }
    return { ...cell, execution_count: next, outputs: lines.length === 0 ? [] : [output] }
  })
  await writeFile(path, `${JSON.stringify({ ...notebook, cells }, undefined, 1)}\n`)
}

const MARK = '\u0001cell\u0001'

/** How a language prints the mark between two cells, and how a program of it is run. */
const LANGUAGES = {
  javascript: {
    mark: `console.log(${JSON.stringify(MARK)})`,
    run: [process.execPath, '--input-type=module', '-'],
  },
  python: { mark: `print(${JSON.stringify(MARK)}, flush=True)`, run: ['-'] },
} as const

/**
 * Runs the code cells.
 *
 * @param lake - The lake's directory, which the cells find in `LAKE`.
 * @returns what each cell printed.
 */
export function runNotebook(
  notebook: Notebook,
  language: keyof typeof LANGUAGES,
  options: { readonly lake: string; readonly cwd: string; readonly interpreter?: string },
): readonly string[] {
  const { mark, run } = LANGUAGES[language]
  const program = codeCells(notebook)
    .map(({ source }) => `${source.join('')}\n${mark}\n`)
    .join('')
  const [command = '', ...args] =
    options.interpreter === undefined ? run : [options.interpreter, ...run]
  const { PATH = '', HOME = '' } = process.env
  const { stdout, stderr, status } = spawnSync(command, args, {
    cwd: options.cwd,
    input: program,
    encoding: 'utf8',
    env: { PATH, HOME, LAKE: options.lake, PYTHONWARNINGS: 'ignore' },
  })
  if (status !== 0) throw new Error(`the notebook failed: ${stderr}`)
  return stdout.split(`${MARK}\n`).slice(0, -1)
}
