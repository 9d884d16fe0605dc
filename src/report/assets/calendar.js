// The calendar of one series: a block for each year, a cell for each day, a cursor that the arrow keys move.

/** @type {Record<string, string>} */
const STATE_WORDS = {
  '-': 'not asked for',
  c: 'covered',
  r: 'covered, with rows that changed later',
  o: 'known gap: outage',
  b: 'known gap: before listing',
  a: 'known gap: after delisting',
  m: 'missing',
  u: 'missing: no longer served over REST',
  n: 'missing: not published in the archive',
  e: 'missing: empty answers, not confirmed yet',
}

const CELL = 11
const LEFT = 4
const TOP = 12

/** Shares of a day, in words and in quarters. @type {Record<string, [words: string, quarters: number]>} */
const SHARES = {
  '¼': ['up to half of the day', 1],
  '½': ['half of the day or more', 2],
  '¾': ['most of the day', 3],
}

/**
 * `c120m¼1` to one cell a day: `c`, `m¼`.
 *
 * @param {string} runs
 */
function expandRuns(runs) {
  /** @type {string[]} */
  const cells = []
  for (const [, cell = '', days = ''] of runs.matchAll(/(\D+)(\d+)/g))
    for (let i = 0; i < Number(days); i++) cells.push(cell)
  return cells
}

/** @param {string} cell */
function cellWords(cell) {
  const words = STATE_WORDS[cell.charAt(0)] ?? cell
  const share = SHARES[cell.charAt(1)]
  return share === undefined ? words : `${words} for ${share[0]}`
}

/**
 * The state of a day as far as it goes, upon what the rest of the day is.
 *
 * @param {string} cell
 * @param {{ x: number, y: number }} place
 * @param {number} ms
 */
function cellShapes(cell, { x, y }, ms) {
  const [state, share] = [cell.charAt(0), SHARES[cell.charAt(1)]]
  const size = { x, y, width: CELL - 2, height: CELL - 2 }
  if (share === undefined) return [draw('rect', { ...size, class: `d-${state}`, 'data-ms': ms })]
  const height = ((CELL - 2) * share[1]) / 4
  const rest = state === 'c' ? 'd--' : 'd-c'
  return [
    draw('rect', { ...size, class: `${rest} part-${state}`, 'data-ms': ms }),
    draw('rect', { ...size, y: y + CELL - 2 - height, height, class: `d-${state} over` }),
  ]
}

/** Weeks begin on Monday. @param {number} ms */
function weekday(ms) {
  return (new Date(ms).getUTCDay() + 6) % 7
}

/**
 * The words of one day: its state, and every listed window that touches it.
 *
 * @param {Series} series
 * @param {number} ms
 * @param {string} cell
 */
function dayWords(series, ms, cell) {
  const end = ms + DAY_MS
  /** @param {{ from: string, to: string }} window */
  const touches = ({ from, to }) => Date.parse(from) < end && Date.parse(to) > ms
  const gaps = series.gaps
    .filter(touches)
    .map((gap) => `${gap.reason.replaceAll('-', ' ')} ${span(gap)}`)
  const missing = series.missing.filter(touches).map((window) => `missing ${span(window)}`)
  const changed = series.revisions.filter(
    ({ time }) => dayOf(Date.parse(time)) === dayOf(ms),
  ).length
  const more = [...gaps, ...missing, ...(changed === 0 ? [] : [`${changed} rows changed`])]
  return `${dayOf(ms)}: ${cellWords(cell)}${more.length === 0 ? '' : ` (${more.slice(0, 4).join('; ')})`}`
}

/**
 * @param {number} year
 * @param {(ms: number) => string | undefined} stateAt
 */
function yearFigure(year, stateAt) {
  const start = Date.UTC(year, 0, 1)
  const end = Date.UTC(year + 1, 0, 1)
  const offset = weekday(start)
  /** @type {Map<string, number>} */
  const counts = new Map()
  /** @type {Node[]} */
  const cells = []
  for (let ms = start, day = 0; ms < end; ms += DAY_MS, day++) {
    const state = stateAt(ms)
    const column = Math.floor((day + offset) / 7)
    const date = new Date(ms)
    if (date.getUTCDate() === 1) {
      const label = draw('text', { x: LEFT + (column + (weekday(ms) > 0 ? 1 : 0)) * CELL, y: 8 })
      label.textContent = String(date.getUTCMonth() + 1).padStart(2, '0')
      cells.push(label)
    }
    if (state !== undefined && state !== '-') counts.set(state, (counts.get(state) ?? 0) + 1)
    const place = { x: LEFT + column * CELL, y: TOP + weekday(ms) * CELL }
    cells.push(...cellShapes(state ?? '-', place, ms))
  }
  const sums = [...counts].map(
    ([state, days]) => `${days} ${days === 1 ? 'day' : 'days'} ${cellWords(state)}`,
  )
  const viewBox = `0 0 ${LEFT + 54 * CELL} ${TOP + 7 * CELL}`
  const words = `${year}: ${sums.join(', ')}`
  return make(
    'figure',
    {},
    make('figcaption', {}, words),
    draw('svg', { viewBox, 'aria-hidden': 'true' }, ...cells),
  )
}

/**
 * The calendar with its cursor and the line that says what the day under it holds.
 *
 * @param {Series} series
 */
function calendar(series) {
  const { days } = series
  if (days === undefined) return make('p', {}, 'Nothing was asked for yet.')
  const cells = expandRuns(days.runs)
  const first = Date.parse(days.first)
  const last = first + (cells.length - 1) * DAY_MS
  /** @param {number} ms */
  const stateAt = (ms) => cells[(ms - first) / DAY_MS]
  const years = new Date(last).getUTCFullYear() - new Date(first).getUTCFullYear() + 1
  const figures = Array.from({ length: years }, (_, index) =>
    yearFigure(new Date(last).getUTCFullYear() - index, stateAt),
  )
  const box = make(
    'div',
    {
      class: 'calendar',
      tabindex: '0',
      role: 'group',
      'aria-label': 'Calendar of days. Up and down move by a day, left and right by a week.',
    },
    ...figures,
  )
  const said = make('output', { class: 'day', 'aria-live': 'polite' })
  said.textContent = 'Point at a day, or move there with the arrow keys.'
  let cursor = last
  /** @param {number} ms */
  const goTo = (ms) => {
    cursor = Math.min(last, Math.max(first, ms))
    box.querySelector('.here')?.classList.remove('here')
    box.querySelector(`[data-ms="${cursor}"]`)?.classList.add('here')
    said.textContent = dayWords(series, cursor, stateAt(cursor) ?? '-')
  }
  /** @type {Record<string, () => number>} */
  const moves = {
    ArrowUp: () => cursor - DAY_MS,
    ArrowDown: () => cursor + DAY_MS,
    ArrowLeft: () => cursor - 7 * DAY_MS,
    ArrowRight: () => cursor + 7 * DAY_MS,
    Home: () => first,
    End: () => last,
  }
  box.addEventListener('keydown', (event) => {
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    goTo(move())
  })
  box.addEventListener('pointerover', ({ target }) => {
    const ms = target instanceof Element ? target.getAttribute('data-ms') : null
    if (ms !== null) goTo(Number(ms))
  })
  return make('div', {}, box, make('p', {}, said))
}
