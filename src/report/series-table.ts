/** The part of the page that needs no script: what is wrong, totals, and a row for each series with its bar. */

import { parseMicros } from '../base/time.ts'
import { attentionTo, type Attention } from './attention.ts'
import { axis, bar } from './bars.ts'
import { spanOf, type DayRow } from './days.ts'
import type { ReportDocument, ReportSeries } from './document.ts'
import { age, count, html, moment, size } from './text.ts'

/** Series that are named for each thing that is wrong, at most. */
const NAMED_MAX = 6

/** What is wrong, or that nothing is. */
export function attention(document: ReportDocument): string {
  const found = attentionTo(document)
  const all = document.series.length
  const items =
    found.length === 0
      ? [
          `<li class="fine">Nothing: ${all === 1 ? 'the series is' : `all ${count(all)} series are`} complete.</li>`,
        ]
      : found.map(attentionItem)
  return `<section id="attention" aria-labelledby="attention-name"><h2 id="attention-name">What needs attention</h2><ul>${items.join('')}</ul></section>`
}

function attentionItem({ kind, words, series }: Attention): string {
  const links = series.slice(0, NAMED_MAX).map(link)
  const more =
    series.length > links.length ? `, and ${count(series.length - links.length)} more` : ''
  const named = links.length === 0 ? '' : `: ${links.join(', ')}${more}`
  return `<li class="${kind}">${html(words)}${named}</li>`
}

/** The last runs, where records of them are kept. */
export function lastRuns({ runs }: ReportDocument): string {
  if (runs.length === 0) return ''
  const rows = runs.map(
    ({ started, job, exit, words }) =>
      `<tr><td>${html(moment(started))}</td><td>${html(job)}</td><td class="${exit === 0 ? '' : 's-incomplete'}">${exit}</td><td>${html(words)}</td></tr>`,
  )
  return `<details id="runs"><summary>The last ${count(runs.length)} runs</summary><div class="wide"><table><thead><tr><th scope="col">Began</th><th scope="col">Job</th><th scope="col">Exit</th><th scope="col">Result</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`
}

/** The line of totals. */
export function totals({ series, made }: ReportDocument): string {
  const sum = (of: (one: ReportSeries) => number): number =>
    series.reduce((total, one) => total + of(one), 0)
  const number = (standing: ReportSeries['standing']): number =>
    series.filter((one) => one.standing === standing).length
  const newest = series
    .flatMap(({ to }) => (to === undefined ? [] : [to]))
    .sort((a, b) => order(a, b))
  const end = newest.at(-1)
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Series', count(series.length)],
    ['Complete', count(number('complete'))],
    ['Complete, known gaps', count(number('gaps'))],
    ['Incomplete', count(number('incomplete'))],
    ['Covered to', end === undefined ? '-' : `${moment(end)} <small>${age(end, made)}</small>`],
    ['Rows', count(sum(({ rows }) => rows))],
    ['Files', count(sum(({ files }) => files))],
    ['Size', size(sum(({ bytes }) => bytes))],
    ['Rows that changed', count(sum(({ revisionCount }) => revisionCount))],
  ]
  const items = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return `<dl class="totals" id="totals">${items.join('')}</dl>`
}

function order(a: string, b: string): number {
  return Number(parseMicros(a) - parseMicros(b))
}

const HEADS: readonly (readonly [label: string, kind: string])[] = [
  ['Series', 'name'],
  ['Days', 'days'],
  ['State', 'state'],
  ['Covered to', 'to'],
  ['Rows', 'n'],
  ['Size', 'n'],
]

/** The table of series. Its roles are written out, since a phone lays its rows out as cards. */
export function seriesTable(
  document: ReportDocument,
  rows: readonly (DayRow | undefined)[],
): string {
  const span = spanOf(rows)
  const heads = HEADS.map(
    ([label, kind]) =>
      `<th role="columnheader" scope="col" class="${kind}">${label}${kind === 'days' && span !== undefined ? axis(span) : ''}</th>`,
  )
  const lines = document.series.map((one, index) => {
    const row = rows[index]
    return seriesRow(
      one,
      document.made,
      row === undefined || span === undefined ? '' : bar(row, span),
    )
  })
  const caption = `${count(document.series.length)} series of the lake`
  return `<table id="overview" role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${heads.join('')}</tr></thead><tbody role="rowgroup">\n${lines.join('\n')}\n</tbody></table>`
}

function seriesRow(one: ReportSeries, made: string, drawn: string): string {
  const { standing, to } = one
  const cell = (kind: string, value: string | number, text: string): string =>
    `<td role="cell" class="${kind}" data-value="${value}">${text}</td>`
  return [
    `<tr role="row" data-id="${html(one.id)}" data-standing="${standing}" data-dataset="${html(one.dataset)}">`,
    `<th role="rowheader" scope="row" class="name">${link(one)}</th>`,
    `<td role="cell" class="days">${drawn}</td>`,
    cell(`state s-${standing}`, STATE_ORDER[standing], stateWords(one)),
    to === undefined
      ? cell('to', 0, '-')
      : cell('to', String(parseMicros(to)), `${moment(to)} <small>${age(to, made)}</small>`),
    cell('n rows', one.rows, count(one.rows)),
    cell('n size', one.bytes, size(one.bytes)),
    '</tr>',
  ].join('')
}

const STATE_ORDER: Readonly<Record<ReportSeries['standing'], number>> = {
  incomplete: 0,
  gaps: 1,
  complete: 2,
}

function stateWords({
  standing,
  isDamaged,
  isUnconfirmed,
  gapCount,
  verdict,
}: ReportSeries): string {
  const [mark, words] =
    standing === 'complete'
      ? ['✓', 'complete']
      : standing === 'gaps'
        ? ['✓', `${count(gapCount)} known ${gapCount === 1 ? 'gap' : 'gaps'}`]
        : ['✗', isDamaged ? 'damaged' : isUnconfirmed ? 'unconfirmed' : 'incomplete']
  return `<span title="${html(verdict)}"><span aria-hidden="true">${mark}</span> ${words}</span>`
}

/** A series by its name. The address holds it, so that Back and bookmarks work. */
function link({ id, name }: ReportSeries): string {
  return `<a class="open" href="#${html(encodeURI(id))}">${html(name)}</a>`
}
