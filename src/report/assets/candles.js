// The chart of one series with its controls, the words that say what it shows, and the same as a table.

/** Rows of the table of candles at most. */
const TABLE_ROWS = 500
const DATE = /^\d{4}-\d{2}-\d{2}$/

/**
 * @param {Candles} candles
 * @param {Series} series
 * @returns {Drawn}
 */
function drawnOf(candles, series) {
  const times = timesOf(candles)
  const holes = holesOf(times, candles.step, series)
  const empty = holes.flatMap((hole) => slotsOf(hole, candles.step))
  const slots = [...times, ...empty].sort((a, b) => a - b)
  const at = new Map(slots.map((time, index) => [time, index]))
  return { candles, times, holes, slots, places: times.map((time) => at.get(time) ?? 0) }
}

/** @param {string} label @param {() => void} act */
function button(label, act) {
  const element = make('button', { type: 'button' }, label)
  element.addEventListener('click', act)
  return element
}

/** A field for a date as ISO 8601 has it: the browser's own has the order of its country. @param {string} label */
function dateField(label) {
  const input = /** @type {HTMLInputElement} */ (
    make('input', { type: 'text', size: '10', placeholder: 'YYYY-MM-DD', inputmode: 'numeric' })
  )
  return { input, label: make('label', {}, `${label} `, input) }
}

/** Not while somebody types into it. @param {HTMLInputElement} input @param {string} value */
function setUnlessTyped(input, value) {
  if (input !== document.activeElement) input.value = value
}

/**
 * @param {Series} series
 * @param {Candles} first
 * @param {((from: string, to: string) => Promise<Candles | undefined>) | undefined} load Reads other candles from the
 * lake, where there is one behind the page.
 */
function candleSection(series, first, load) {
  let drawn = drawnOf(first, series)
  const box = make('div', { class: 'chart' })
  const legend = make('p', { class: 'ohlc', 'aria-hidden': 'true' })
  const note = make('p', { class: 'note' })
  const said = make('p', { class: 'range', 'aria-live': 'polite' })
  const table = make('details', {}, make('summary', {}, 'The shown candles as a table'))
  const [from, to] = [dateField('From'), dateField('to')]
  /** @type {ReturnType<typeof drawChart> | undefined} */
  let plot
  const scale = () => plot?.chart.timeScale()

  /** Indices of the candles that are shown. */
  const shown = () => {
    const range = scale()?.getVisibleLogicalRange()
    const indices = drawn.times.map((_, index) => index)
    if (range == null) return indices
    return indices.filter((i) => {
      const place = drawn.places[i] ?? 0
      return place >= range.from && place <= range.to
    })
  }
  /** @param {number} i */
  const columns = (i) =>
    [drawn.candles.open, drawn.candles.high, drawn.candles.low, drawn.candles.close].map((column) =>
      figure(column[i]),
    )
  const fillTable = () => {
    const indices = shown()
    const rows = indices
      .slice(0, TABLE_ROWS)
      .map((i) => [
        moment(isoOf(drawn.times[i] ?? 0)),
        ...columns(i),
        figure(drawn.candles.volume[i]),
      ])
    const rest =
      indices.length > TABLE_ROWS
        ? `and ${grouped(indices.length - TABLE_ROWS)} more; zoom in to see them`
        : ''
    table.querySelector('div')?.remove()
    table.append(
      textTable('Candles', ['Opens', 'Open', 'High', 'Low', 'Close', 'Volume'], rows, rest),
    )
  }
  const tell = () => {
    const indices = shown()
    const [a, b] = [indices[0], indices.at(-1)]
    if (a === undefined || b === undefined) said.textContent = 'No candle in this range.'
    else {
      const { low, high, open, close, volume, step } = drawn.candles
      const sum = indices.reduce((total, i) => total + (volume[i] ?? 0), 0)
      const least = indices.reduce((least, i) => Math.min(least, low[i] ?? least), Infinity)
      const most = indices.reduce((most, i) => Math.max(most, high[i] ?? most), -Infinity)
      const [begin, end] = [a, b].map((index) => dayOf((drawn.times[index] ?? 0) * 1000))
      setUnlessTyped(from.input, begin ?? '')
      setUnlessTyped(to.input, end ?? '')
      const inside = drawn.holes.filter(
        (hole) => hole.from >= (drawn.times[a] ?? 0) && hole.to <= (drawn.times[b] ?? 0),
      )
      const gaps = inside
        .slice(0, 3)
        .map((hole) => `${hole.words} ${moment(isoOf(hole.from))} to ${moment(isoOf(hole.to))}`)
      const rest = inside.length > gaps.length ? ` and ${inside.length - gaps.length} more` : ''
      said.textContent = `${grouped(indices.length)} candles of ${duration(step)} from ${begin} to ${end}: low ${figure(least)}, high ${figure(most)}, first open ${figure(open[a])}, last close ${figure(close[b])}, volume ${figure(sum)}.${gaps.length === 0 ? '' : ` Without candles: ${gaps.join('; ')}${rest}.`}`
    }
    if (table.hasAttribute('open')) fillTable()
  }
  /** @param {number | undefined} i */
  const point = (i) => {
    if (i === undefined) return
    const [o, h, l, c] = columns(i)
    const volume = figure(drawn.candles.volume[i])
    legend.textContent = `${moment(isoOf(drawn.times[i] ?? 0))}  O ${o}  H ${h}  L ${l}  C ${c}  V ${volume}`
  }
  const describe = () => {
    const { rows, open, step } = drawn.candles
    note.textContent = `${grouped(rows)} rows, drawn as ${grouped(open.length)} candles of ${duration(step)}.`
    point(drawn.times.length - 1)
  }
  /** @param {number} left @param {number} right Shares of the shown length that the ends move by. */
  const move = (left, right) => () => {
    const range = scale()?.getVisibleLogicalRange()
    if (range == null) return
    const before = range.to - range.from
    const whole = drawn.slots.length + 2
    const length = Math.min(whole, before * (1 + right - left))
    // Never past what there is.
    const from = Math.min(Math.max(range.from + before * left, -1), whole - 1 - length)
    scale()?.setVisibleLogicalRange({ from, to: from + length })
  }
  /** @param {Candles | undefined} candles */
  const show = (candles) => {
    if (candles === undefined) {
      said.textContent = 'The lake has no rows in this range.'
      return
    }
    drawn = drawnOf(candles, series)
    plot?.fill()
    scale()?.fitContent()
    describe()
    tell()
  }
  /** @param {string} begin @param {string} end */
  const read = async (begin, end) => {
    said.textContent = 'Reading the lake ...'
    try {
      show(await load?.(begin, end))
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error)
    }
  }
  const pick = () => {
    for (const { input } of [from, to])
      input.setAttribute('aria-invalid', String(!DATE.test(input.value)))
    const [begin, end] = [Date.parse(from.input.value), Date.parse(to.input.value) + DAY_MS]
    if (!DATE.test(from.input.value) || !DATE.test(to.input.value) || !(begin < end)) return
    if (load !== undefined) void read(from.input.value, dayOf(end))
    else {
      const inside = drawn.slots.flatMap((time, index) =>
        time * 1000 >= begin && time * 1000 < end ? [index] : [],
      )
      const [a, b] = [inside[0], inside.at(-1)]
      if (a === undefined || b === undefined) said.textContent = 'No candle in this range.'
      else scale()?.setVisibleLogicalRange({ from: a - 0.5, to: b + 0.5 })
    }
  }
  for (const { input } of [from, to]) input.addEventListener('change', pick)
  table.addEventListener('toggle', () => table.hasAttribute('open') && fillTable())
  const log = button('Log', () => {
    const isOn = log.getAttribute('aria-pressed') !== 'true'
    log.setAttribute('aria-pressed', String(isOn))
    plot?.setLog(isOn)
  })
  log.setAttribute('aria-pressed', 'false')
  const { from: begin } = series.covered[0] ?? { from: '' }
  const whole = () => void read(begin, series.to ?? begin)
  const buttons = make(
    'div',
    { class: 'buttons', role: 'group', 'aria-label': 'Range of the chart' },
    button('Earlier', move(-0.5, -0.5)),
    button('Later', move(0.5, 0.5)),
    button('Zoom in', move(0.25, -0.25)),
    button('Zoom out', move(-0.5, 0.5)),
    button('All', () => scale()?.fitContent()),
    ...(load === undefined ? [] : [button('Whole history', whole)]),
    log,
    from.label,
    to.label,
  )
  describe()
  return {
    element: make('div', {}, note, buttons, legend, box, said, table),
    /** Draws it; call once it is in the page. */
    start() {
      plot = drawChart(box, () => drawn)
      plot.chart.timeScale().fitContent()
      plot.chart.timeScale().subscribeVisibleLogicalRangeChange(tell)
      plot.chart.subscribeCrosshairMove(({ time }) => {
        const index = time === undefined ? -1 : drawn.times.indexOf(Number(time))
        point(index < 0 ? drawn.times.length - 1 : index)
      })
      tell()
    },
    repaint: () => plot?.repaint(),
    remove: () => plot?.chart.remove(),
  }
}
