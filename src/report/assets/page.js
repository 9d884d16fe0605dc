// The page: filters and sorting of the overview, and one series in detail.

/**
 * @typedef {{ from: string, to: string }} Span
 * @typedef {{ step: number, rows: number, first: number, apart: [number, number][], open: number[], high: number[], low: number[], close: number[], volume: number[] }} Candles
 * @typedef {{ name: string, dataset: string, standing: string, verdict: string, rows: number, files: number, bytes: number, sources: Record<string, number>, covered: Span[], coveredCount: number, missing: Span[], missingCount: number, gaps: (Span & { reason: string })[], gapCount: number, revisions: { time: string, key: string, changes: string }[], revisionCount: number, days?: { first: string, runs: string }, candles?: Candles }} Series
 */

/** @type {{ series: Series[], candleNote: string }} */
const lake = JSON.parse(document.getElementById('document')?.textContent ?? '{}')
const table = /** @type {HTMLTableElement} */ (document.getElementById('overview'))
const body = /** @type {HTMLTableSectionElement} */ (table.tBodies[0])
const detail = /** @type {HTMLElement} */ (document.getElementById('detail'))
const controls = /** @type {HTMLFormElement} */ (document.getElementById('controls'))
/** @type {ReturnType<typeof chart>} */
let current

function filter() {
  /** @param {string} id */
  const value = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id)).value
  const name = value('name').trim().toLowerCase()
  let shown = 0
  for (const row of body.rows) {
    const series = lake.series[Number(row.dataset['index'])]
    const isShown =
      series !== undefined &&
      series.name.toLowerCase().includes(name) &&
      (value('standing') === '' || value('standing') === series.standing) &&
      (value('dataset') === '' || value('dataset') === series.dataset)
    row.hidden = !isShown
    if (isShown) shown += 1
  }
  const output = document.getElementById('shown')
  if (output !== null) output.textContent = `${shown} of ${lake.series.length} shown`
}

/** @param {HTMLTableRowElement} row @param {number} column */
function sortValue(row, column) {
  const cell = row.cells[column]
  const number = cell?.dataset['value']
  return number === undefined ? (cell?.textContent ?? '') : Number(number)
}

/** @param {HTMLElement} head @param {number} column */
function sortBy(head, column) {
  const isDown = head.getAttribute('aria-sort') === 'ascending'
  for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort')
  head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending')
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [sortValue(a, column), sortValue(b, column)]
    return x < y ? -1 : x > y ? 1 : 0
  })
  body.append(...(isDown ? rows.reverse() : rows))
}

/** @param {number} listed @param {number} all */
function more(listed, all) {
  return all > listed ? `and ${grouped(all - listed)} more; status --json lists them all` : ''
}

/** @param {Series} series */
function facts(series) {
  const sources = Object.entries(series.sources).map(([source, files]) => `${source} ${files}`)
  const list = [
    ['Verdict', series.verdict],
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

/** @param {number} index @param {boolean} [isAsked] Did a person ask for it? Then the page goes there. */
function open(index, isAsked = false) {
  const series = lake.series[index]
  if (series === undefined) return
  for (const row of body.rows) {
    if (Number(row.dataset['index']) === index) row.setAttribute('aria-current', 'true')
    else row.removeAttribute('aria-current')
  }
  const heading = make('h2', { id: 'detail-name', tabindex: '-1' }, series.name)
  current = chart(series)
  const candles =
    current === undefined || series.candles === undefined
      ? []
      : [
          make('h3', {}, 'Candles and volume'),
          make(
            'p',
            { class: 'note' },
            `${grouped(series.candles.rows)} rows, drawn as ${grouped(series.candles.open.length)} candles of ${duration(series.candles.step)}.`,
          ),
          current.element,
        ]
  detail.replaceChildren(
    heading,
    facts(series),
    make('h3', {}, 'Calendar'),
    calendar(series),
    ...candles,
    ...lists(series),
  )
  detail.hidden = false
  current?.show()
  if (!isAsked) return
  heading.focus()
  history.replaceState(null, '', `#series-${index}`)
}

function darkNow() {
  const theme = document.documentElement.dataset['theme']
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark'
}

function themeButton() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById('theme'))
  const label = () => (button.textContent = darkNow() ? 'Light' : 'Dark')
  button.hidden = false
  label()
  button.addEventListener('click', () => {
    document.documentElement.dataset['theme'] = darkNow() ? 'light' : 'dark'
    label()
    current?.repaint()
  })
  /** @type {string | undefined} */
  let before
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset['theme']
    document.documentElement.dataset['theme'] = 'light'
    current?.repaint()
  })
  addEventListener('afterprint', () => {
    if (before === undefined) delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = before
    current?.repaint()
  })
}

function start() {
  controls.hidden = false
  controls.addEventListener('input', filter)
  controls.addEventListener('submit', (event) => event.preventDefault())
  filter()
  for (const [column, head] of [...table.querySelectorAll('thead th')].entries()) {
    if (!(head instanceof HTMLElement) || head.classList.contains('days')) continue
    const button = make('button', { type: 'button', class: 'sort' }, head.textContent ?? '')
    button.addEventListener('click', () => sortBy(head, column))
    head.replaceChildren(button)
  }
  body.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button.open') : null
    if (button instanceof HTMLElement) open(Number(button.dataset['index']), true)
  })
  addEventListener('resize', () => current?.resize())
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => current?.repaint())
  themeButton()
  const named = /^#series-(\d+)$/.exec(location.hash)
  const withCandles = lake.series.findIndex(({ candles }) => candles !== undefined)
  open(named === null ? Math.max(0, withCandles) : Number(named[1]))
}

// The overview is there without this; it is painted first.
requestAnimationFrame(() => setTimeout(start))
