/** The page as one string: it fetches nothing, and its policy lets it run nothing but its own script. */

import { createHash } from 'node:crypto'
import { type DayRow, dayName } from './days.ts'
import type { ReportDocument } from './document.ts'
import { seriesRow, spanOf, strip, totals, type DaySpan } from './overview.ts'
import { count, html, scriptJson } from './text.ts'

/** What is built into the page besides the data. */
export type Assets = {
  /** The script of the page itself. */
  readonly script: string
  readonly style: string
  /** The plotting library. */
  readonly plotScript: string
  readonly plotStyle: string
  /** Its licence, which goes with it. */
  readonly plotLicence: string
}

/** Is the page a file of its own, or served with the lake behind it? */
export type PageKind = 'file' | 'served'

/**
 * Makes the page.
 *
 * @param rows - The days of each series of the document, in its order.
 * @param kind - A page that is served has its policy in a header; see {@link pagePolicy}.
 */
export function reportPage(
  document: ReportDocument,
  rows: readonly (DayRow | undefined)[],
  assets: Assets,
  kind: PageKind = 'file',
): string {
  const { script, style } = builtIn(assets)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    ...(kind === 'file'
      ? [`<meta http-equiv="Content-Security-Policy" content="${pagePolicy(assets, kind)}">`]
      : []),
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<link rel="icon" href="data:,">',
    '<title>Lake report</title>',
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    ...body(document, rows),
    `<script type="application/json" id="document">${scriptJson(document)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** The script and the style of the page, each in one element. */
function builtIn(assets: Assets): { readonly script: string; readonly style: string } {
  const licence = assets.plotLicence.replaceAll('*/', '* /')
  return {
    script: `/*!\nuPlot\n\n${licence}\n*/\n${assets.plotScript}\n;${assets.script}`,
    style: `${assets.plotStyle}\n${assets.style}`,
  }
}

/**
 * The page's policy: nothing from anywhere; of scripts and styles, its own two. A page that is served may ask the server
 * that it came from, and a header can forbid frames, which an element cannot.
 */
export function pagePolicy(assets: Assets, kind: PageKind): string {
  const { script, style } = builtIn(assets)
  const hash = (text: string): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const served = kind === 'served' ? "; connect-src 'self'; frame-ancestors 'none'" : ''
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'${served}`
}

const LEGEND: readonly (readonly [state: string, words: string])[] = [
  ['c', 'covered'],
  ['r', 'covered, with rows that changed later'],
  ['o', 'known gap: outage'],
  ['b', 'known gap: before listing or after delisting'],
  ['p', 'missing in part'],
  ['m', 'missing'],
  ['u', 'missing: no longer served over REST'],
  ['n', 'missing: not published in the archive'],
  ['e', 'missing: empty answers, not confirmed yet'],
]

function body(document: ReportDocument, rows: readonly (DayRow | undefined)[]): readonly string[] {
  const span = spanOf(rows)
  return [
    '<a class="skip" href="#series">To the series</a>',
    '<header>',
    '<h1>Lake report</h1>',
    `<p>Made ${html(document.made)} by ${html(document.by)}. All times are UTC. <button type="button" id="theme" hidden>Dark</button></p>`,
    totals(document),
    '</header>',
    '<main>',
    '<section aria-labelledby="series">',
    '<h2 id="series">Series</h2>',
    controls(document),
    `<ul class="legend">${LEGEND.map(([state, words]) => `<li><svg viewBox="0 0 10 10" aria-hidden="true"><path class="d-${state}" d="M0 0h10v10h-10z"/></svg> ${words}</li>`).join('')}</ul>`,
    table(document, rows, span),
    '</section>',
    '<section id="detail" aria-labelledby="detail-name" hidden></section>',
    '<noscript><p>Without scripts this page shows the overview only.</p></noscript>',
    '</main>',
    `<footer><p>${html(document.candleNote)}</p><p>Charts are drawn with uPlot, MIT licence.</p></footer>`,
  ]
}

function controls({ series }: ReportDocument): string {
  const datasets = [...new Set(series.map(({ dataset }) => dataset))].sort()
  return [
    '<form id="controls" hidden>',
    '<label>Name holds <input id="name" type="search" autocomplete="off" spellcheck="false"></label>',
    '<label>Standing <select id="standing"><option value="">all</option><option value="complete">complete</option><option value="gaps">complete with known gaps</option><option value="incomplete">incomplete</option></select></label>',
    `<label>Dataset <select id="dataset"><option value="">all</option>${datasets.map((name) => `<option>${html(name)}</option>`).join('')}</select></label>`,
    '<output id="shown"></output>',
    '</form>',
  ].join('')
}

const HEADS: readonly (readonly [label: string, kind: '' | 'n' | 'days'])[] = [
  ['Series', ''],
  ['Days', 'days'],
  ['Verdict', ''],
  ['Rows', 'n'],
  ['Files', 'n'],
  ['Size', 'n'],
  ['Files by source', ''],
]

function table(
  { series }: ReportDocument,
  rows: readonly (DayRow | undefined)[],
  span: DaySpan | undefined,
): string {
  const days =
    span === undefined
      ? ''
      : ` <span class="span">${dayName(span.first)} to ${dayName(span.first + span.count - 1)}</span>`
  const heads = HEADS.map(
    ([label, kind]) =>
      `<th scope="col"${kind === '' ? '' : ` class="${kind}"`}>${label}${kind === 'days' ? days : ''}</th>`,
  )
  const lines = series.map((one, index) => {
    const row = rows[index]
    return seriesRow(one, index, row === undefined || span === undefined ? '' : strip(row, span))
  })
  const caption = `${count(series.length)} series of the lake`
  return `<div class="wide"><table id="overview"><caption>${caption}</caption><thead><tr>${heads.join('')}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table></div>`
}
