/** Plain tables: columns apart by two spaces, no lines, no trailing spaces, wide characters measured. */

import Table from 'cli-table3'
import { library } from './library.ts'

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Characters that {@link fit} keeps at the end: an interval and the space before it. */
const TAIL_CHARS = 4

/** A row of cells, or a note that stands indented on a line of its own and widens no column. */
export type Row = readonly string[] | string

/**
 * Lays out rows under their heads.
 *
 * @param aligns - `l` or `r` for each column.
 */
export function table(head: readonly string[], aligns: string, rows: readonly Row[]): string {
  const layout = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: Array.from(aligns, (align) => (align === 'r' ? 'right' : 'left')),
  })
  const cells = [head, ...rows.filter((row): row is readonly string[] => typeof row !== 'string')]
  layout.push(...cells.map((row) => [...row]))
  const laid = layout.toString().split('\n')
  const [first = ''] = laid
  let next = 1
  const body = rows.map((row) => (typeof row === 'string' ? `  ${row}` : (laid[next++] ?? '')))
  return [first, ...body].map((line) => `${line.trimEnd()}\n`).join('')
}

/** `text` in at most `width` columns: what is too long loses its middle, since names differ at both ends. */
export function fit(text: string, width: number): string {
  if (library.displayWidth(text) <= width) return text
  const chars = Array.from(text)
  const tail = chars.slice(-TAIL_CHARS).join('')
  let kept = ''
  let used = library.displayWidth(tail) + 3
  for (const char of chars) {
    used += library.displayWidth(char)
    if (used > width) break
    kept += char
  }
  return `${kept}...${tail}`
}

/** `text` padded with spaces to `width` columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - library.displayWidth(text)))
}
