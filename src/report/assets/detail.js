// One series in detail, beside the list or, on a phone, in it.

/** Does the detail stand beside the list? */
const beside = matchMedia('(min-width: 64rem)')

/** @param {number} listed @param {number} all */
function more(listed, all) {
  return all > listed ? `and ${grouped(all - listed)} more; status --json lists them all` : ''
}

/** @param {Series} series */
function facts(series) {
  const sources = Object.entries(series.sources).map(([source, files]) => `${source} ${files}`)
  const begin = series.covered[0]
  const list = [
    ['Verdict', series.verdict],
    ...(begin === undefined ? [] : [['Covered', span({ from: begin.from, to: series.to ?? '' })]]),
    ['Rows', grouped(series.rows)],
    ['Files', grouped(series.files)],
    ['Bytes', grouped(series.bytes)],
    ['Files by source', sources.join(', ') || '-'],
  ]
  const items = list.map(([name = '', value = '']) =>
    make('div', {}, make('dt', {}, name), make('dd', {}, value)),
  )
  return make('dl', { class: 'facts' }, ...items)
}

/** @param {Series} series */
function lists(series) {
  const { covered, missing, gaps, revisions } = series
  const tables = [
    missing.length > 0 &&
      textTable(
        'Missing',
        ['Window'],
        missing.map((one) => [span(one)]),
        more(missing.length, series.missingCount),
      ),
    gaps.length > 0 &&
      textTable(
        'Gaps',
        ['Window', 'Reason'],
        gaps.map((one) => [span(one), one.reason.replaceAll('-', ' ')]),
        more(gaps.length, series.gapCount),
      ),
    revisions.length > 0 &&
      textTable(
        'Rows that changed after they were stored',
        ['Time', 'Key', 'Changes'],
        revisions.map((one) => [moment(one.time), one.key, one.changes]),
        more(revisions.length, series.revisionCount),
      ),
    covered.length > 0 &&
      textTable(
        'Covered',
        ['Window'],
        covered.map((one) => [span(one)]),
        more(covered.length, series.coveredCount),
      ),
  ]
  return tables.filter((table) => table !== false)
}

/** Puts the detail where it belongs: into its pane, or below the row of its series. */
function placeDetail() {
  const detail = /** @type {HTMLElement} */ (document.getElementById('detail'))
  const row = document.querySelector('#overview tr[aria-current]')
  const before = document.querySelector('#overview tr.inline')
  if (beside.matches || row === null) document.querySelector('main')?.append(detail)
  else {
    const cell = make('td', { role: 'cell', colspan: '6' })
    row.after(make('tr', { class: 'inline', role: 'row' }, cell))
    cell.append(detail)
  }
  before?.remove()
}

/** @param {string} id */
function markRow(id) {
  for (const row of seriesRows()) {
    if (row.dataset['id'] === id) row.setAttribute('aria-current', 'true')
    else row.removeAttribute('aria-current')
  }
  placeDetail()
}

/** What the detail holds of a series besides its name and its candles. @param {Series} series */
function known(series) {
  return [make('h3', {}, 'Calendar'), calendar(series), ...lists(series)]
}
