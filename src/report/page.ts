/** The page as one string: it fetches nothing, and its policy lets it run nothing but its own script. */

import { createHash } from 'node:crypto'
import type { DayRow } from './days.ts'
import type { ReportDocument } from './document.ts'
import { attention, lastRuns, seriesTable, totals } from './series-table.ts'
import { html, moment, scriptJson } from './text.ts'

/** What is built into the page besides the data. */
export type Assets = {
  /** The script of the page itself. */
  readonly script: string
  readonly style: string
  /** The library that draws candles. */
  readonly chartScript: string
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
    `<title>${TITLES[kind]}</title>`,
    `<style>${style}</style>`,
    '</head>',
    `<body data-kind="${kind}">`,
    ...body(document, rows, kind),
    `<script type="application/json" id="document">${scriptJson(document)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** The script and the style of the page, each in one element. */
function builtIn(assets: Assets): { readonly script: string; readonly style: string } {
  // The library names its licence at its head.
  return { script: `${assets.chartScript}\n;${assets.script}`, style: assets.style }
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

function body(
  document: ReportDocument,
  rows: readonly (DayRow | undefined)[],
  kind: PageKind,
): readonly string[] {
  const made = kind === 'file' ? 'Made' : 'Read'
  const { writer } = document
  return [
    '<a class="skip" href="#series">To the series</a>',
    '<header>',
    `<h1>${TITLES[kind]}</h1>`,
    `<p id="made">${made} <time>${html(moment(document.made))}</time> by ${html(document.by)}. All times are UTC.${writer === undefined ? '' : ` <strong>${html(writer)}</strong>`}</p>`,
    '<p class="tools"><output id="live"></output> <button type="button" id="theme" hidden>Dark</button></p>',
    totals(document),
    '</header>',
    attention(document),
    lastRuns(document),
    '<main>',
    '<section id="list" aria-labelledby="series">',
    '<h2 id="series">Series</h2>',
    controls(document),
    seriesTable(document, rows),
    LEGEND_LIST,
    '</section>',
    '<section id="detail" aria-labelledby="detail-name" hidden></section>',
    '<noscript><p>Without scripts this page shows the overview only.</p></noscript>',
    '</main>',
    `<footer><p>${html(document.candleNote)}</p><p>Charts: TradingView Lightweight Charts™, Copyright (c) 2026 <a href="https://www.tradingview.com/">TradingView, Inc.</a>, Apache License 2.0.</p></footer>`,
  ]
}

const TITLES: Readonly<Record<PageKind, string>> = { file: 'Lake report', served: 'Lake' }

const LEGEND: readonly (readonly [state: string, words: string])[] = [
  ['c', 'covered'],
  ['r', 'covered, with rows that changed later'],
  ['o', 'known gap: outage'],
  ['b', 'known gap: before listing or after delisting'],
  ['m', 'missing'],
  ['u', 'missing: no longer served over REST'],
  ['n', 'missing: not published in the archive, or empty answers that nothing confirms yet'],
]

const LEGEND_LIST = `<ul class="legend" aria-label="Colours">${LEGEND.map(([state, words]) => `<li><svg viewBox="0 0 10 10" aria-hidden="true"><path class="d-${state}" d="M0 0h10v10h-10z"/></svg> ${words}</li>`).join('')}<li><svg viewBox="0 0 10 10" aria-hidden="true"><path class="d-c" d="M0 0h10v10h-10z"/><path class="d-m" d="M0 5h10v5h-10z"/></svg> in a calendar: as much of the day</li></ul>`

function controls({ series }: ReportDocument): string {
  const datasets = [...new Set(series.map(({ dataset }) => dataset))].sort()
  return [
    '<form id="controls" hidden>',
    '<label>Name holds <input id="name" type="search" autocomplete="off" spellcheck="false"></label>',
    '<label>State <select id="standing"><option value="">all</option><option value="complete">complete</option><option value="gaps">complete with known gaps</option><option value="incomplete">incomplete</option></select></label>',
    `<label>Dataset <select id="dataset"><option value="">all</option>${datasets.map((name) => `<option>${html(name)}</option>`).join('')}</select></label>`,
    '<output id="shown"></output>',
    '</form>',
  ].join('')
}
