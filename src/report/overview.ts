/** The part of the page that needs no script: totals, and a row for each series with its strip of days. */

import { stripStates, type DayRow, type DayState } from './days.ts'
import type { ReportDocument, ReportSeries } from './document.ts'
import { count, html, size } from './text.ts'

/** Columns of a strip: as many as a wide screen shows of it. */
const STRIP_COLUMNS = 300
const STRIP_HEIGHT = 10

/** The days that all strips span. */
export type DaySpan = { readonly first: number; readonly count: number }

/** The span of all rows; `undefined` when there is none. */
export function spanOf(rows: readonly (DayRow | undefined)[]): DaySpan | undefined {
  const known = rows.filter((row) => row !== undefined)
  if (known.length === 0) return undefined
  const first = Math.min(...known.map((row) => row.first))
  const end = Math.max(...known.map((row) => row.first + row.states.length))
  return { first, count: end - first }
}

/** A strip as SVG: one path for each state. Its words are in the row, so it is hidden from readers of words. */
export function strip(row: DayRow, span: DaySpan): string {
  const states = stripStates(row, { ...span, columns: STRIP_COLUMNS })
  const paths = new Map<DayState, string>()
  for (let at = 0; at < states.length;) {
    const state = states[at] ?? '-'
    let end = at + 1
    while (end < states.length && states[end] === state) end++
    if (state !== '-')
      paths.set(
        state,
        `${paths.get(state) ?? ''}M${at} 0h${end - at}v${STRIP_HEIGHT}h-${end - at}z`,
      )
    at = end
  }
  const drawn = [...paths].map(([state, path]) => `<path class="d-${state}" d="${path}"/>`).join('')
  return `<svg class="strip" viewBox="0 0 ${states.length} ${STRIP_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${drawn}</svg>`
}

/** The line of totals. */
export function totals({ series }: ReportDocument): string {
  const sum = (of: (one: ReportSeries) => number): number =>
    series.reduce((total, one) => total + of(one), 0)
  const number = (standing: ReportSeries['standing']): number =>
    series.filter((one) => one.standing === standing).length
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Series', count(series.length)],
    ['Complete', count(number('complete'))],
    ['Complete with known gaps', count(number('gaps'))],
    ['Incomplete', count(number('incomplete'))],
    ['Rows', count(sum(({ rows }) => rows))],
    ['Files', count(sum(({ files }) => files))],
    ['Size', size(sum(({ bytes }) => bytes))],
    ['Rows that changed', count(sum(({ revisionCount }) => revisionCount))],
  ]
  const items = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return `<dl class="totals">${items.join('')}</dl>`
}

const MARKS: Readonly<Record<ReportSeries['standing'], string>> = {
  complete: '✓',
  gaps: '✓',
  incomplete: '✗',
}

/** One row of the table of series. */
export function seriesRow(one: ReportSeries, index: number, drawn: string): string {
  const sources = Object.entries(one.sources)
    .map(([source, files]) => `${html(source)}&nbsp;${count(files)}`)
    .join(', ')
  return [
    `<tr data-index="${index}" data-standing="${one.standing}" data-dataset="${html(one.dataset)}">`,
    `<th scope="row"><button type="button" class="open" data-index="${index}">${html(one.name)}</button></th>`,
    `<td class="days">${drawn}</td>`,
    `<td class="verdict s-${one.standing}"><span aria-hidden="true">${MARKS[one.standing]}</span> ${html(one.verdict)}</td>`,
    `<td class="n" data-value="${one.rows}">${count(one.rows)}</td>`,
    `<td class="n" data-value="${one.files}">${count(one.files)}</td>`,
    `<td class="n" data-value="${one.bytes}">${size(one.bytes)}</td>`,
    `<td>${sources}</td>`,
    '</tr>',
  ].join('')
}
