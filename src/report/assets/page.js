// The page: which series is shown, the theme, and what happens at the start.

/**
 * @typedef {{ from: string, to: string }} Span
 * @typedef {{ step: number, rows: number, first: number, apart: [number, number][], open: number[], high: number[], low: number[], close: number[], volume: number[] }} Candles
 * @typedef {{ id: string, name: string, dataset: string, interval?: string, hasCandles: boolean, standing: string, verdict: string, to?: string, rows: number, files: number, bytes: number, sources: Record<string, number>, covered: Span[], coveredCount: number, missing: Span[], missingCount: number, gaps: (Span & { reason: string })[], gapCount: number, revisions: { time: string, key: string, changes: string }[], revisionCount: number, days?: { first: string, runs: string }, candles?: Candles }} Series
 * @typedef {{ series: Series[] }} Lake
 */

/** @type {Lake} */
let lake = JSON.parse(document.getElementById('document')?.textContent ?? '{"series":[]}')
/** What is shown: its series as it was read, and its chart. */
let shown = { id: '', text: '' }
/** @type {ReturnType<typeof candleSection> | undefined} */
let chart

/** Shows the candles below their heading, at once or once they are read. @param {Series} series @param {Element} place */
async function showCandles(series, place) {
  /** @type {((from: string, to: string) => Promise<Candles | undefined>) | undefined} */
  const load = isServed ? (from, to) => fetchCandles(series.id, [from, to]) : undefined
  try {
    const candles = isServed ? await fetchCandles(series.id) : series.candles
    // Another one may have been chosen meanwhile.
    if (!place.isConnected) return
    if (candles === undefined) place.replaceChildren(make('p', {}, 'There are no rows to draw.'))
    else {
      chart = candleSection(series, candles, load)
      place.replaceChildren(chart.element)
      chart.start()
    }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    place.replaceChildren(make('p', { role: 'alert' }, words))
  }
}

/** @param {string} id @param {boolean} [isAsked] Did a person ask for it? Then the page goes there. */
function show(id, isAsked = false) {
  const detail = /** @type {HTMLElement} */ (document.getElementById('detail'))
  const series = lake.series.find((one) => one.id === id)
  chart?.remove()
  chart = undefined
  shown = { id, text: JSON.stringify(series) ?? '' }
  markRow(id)
  const heading = make('h2', { id: 'detail-name', tabindex: '-1' }, series?.name ?? 'Not there')
  detail.hidden = false
  if (series === undefined)
    detail.replaceChildren(
      heading,
      make(
        'p',
        { role: 'alert' },
        `This page has no series ${id}. The list has those that are there.`,
      ),
    )
  else {
    const place = make('div', { class: 'candles' }, make('p', {}, 'Reading the lake ...'))
    const isDrawn = isServed ? series.hasCandles : series.candles !== undefined
    const candles = isDrawn ? [make('h3', {}, 'Candles and volume'), place] : []
    const rest = make('div', { id: 'known' }, ...known(series))
    detail.replaceChildren(heading, facts(series), ...candles, rest)
    if (isDrawn) void showCandles(series, place)
  }
  if (!isAsked) return
  heading.focus({ preventScroll: beside.matches })
  if (beside.matches) detail.scrollTop = 0
}

/** The series that the address names. */
function named() {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return location.hash.slice(1)
  }
}

/** The series that is shown when the address names none: the first that lacks something, else one with candles. */
function first() {
  const { series } = lake
  const lacking = series.find(({ standing }) => standing === 'incomplete')
  return lacking ?? series.find(({ hasCandles }) => hasCandles) ?? series[0]
}

/** @param {boolean} isAsked */
function showNamed(isAsked) {
  const id = named()
  // The link over the list is one to an element.
  if (id !== '' && document.getElementById(id) !== null) return
  if (id !== '') show(id, isAsked)
  else if (beside.matches || isAsked) show(first()?.id ?? '')
}

/** @param {Lake} now */
function change(now) {
  lake = now
  const series = lake.series.find(({ id }) => id === shown.id)
  const text = JSON.stringify(series) ?? ''
  if (shown.id === '' || text === shown.text) return
  shown.text = text
  if (series === undefined) return show(shown.id)
  // The chart stays as it is: somebody may be looking at a part of it.
  document.querySelector('#detail .facts')?.replaceWith(facts(series))
  document.getElementById('known')?.replaceChildren(...known(series))
}

function darkNow() {
  const theme = document.documentElement.dataset['theme']
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark'
}

function startTheme() {
  const toggle = /** @type {HTMLButtonElement} */ (document.getElementById('theme'))
  const label = () => (toggle.textContent = darkNow() ? 'Light' : 'Dark')
  toggle.hidden = false
  label()
  toggle.addEventListener('click', () => {
    document.documentElement.dataset['theme'] = darkNow() ? 'light' : 'dark'
    label()
    chart?.repaint()
  })
  /** @type {string | undefined} */
  let before
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset['theme']
    document.documentElement.dataset['theme'] = 'light'
    chart?.repaint()
  })
  addEventListener('afterprint', () => {
    if (before === undefined) delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = before
    chart?.repaint()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart?.repaint())
}

function start() {
  startList()
  startTheme()
  addEventListener('hashchange', () => showNamed(true))
  beside.addEventListener('change', placeDetail)
  showNamed(false)
  if (isServed) follow(change)
}

// The overview is there without this; it is painted first.
requestAnimationFrame(() => setTimeout(start))
