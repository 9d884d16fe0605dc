// Candles and volume of one series, on a true time axis: where nothing was traded, nothing is drawn.

/** Rows of the table of candles at most. */
const TABLE_ROWS = 500

/** The times of candles, in seconds. @param {Candles} candles */
function timesOf({ first, apart }) {
  const times = [first]
  for (const [seconds, count] of apart)
    for (let i = 0; i < count; i++) times.push((times.at(-1) ?? 0) + seconds)
  return times
}

/** @param {string} name */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** @param {uPlot} plot */
function drawCandles(plot) {
  const { ctx, data } = plot
  const [time, open, high, low, close] = /** @type {number[][]} */ (/** @type {unknown} */ (data))
  if (!time || !open || !high || !low || !close) return
  const [begin, end] = plot.series[0]?.idxs ?? [0, -1]
  const step =
    plot.valToPos((time[begin] ?? 0) + stepOf(time), 'x', true) -
    plot.valToPos(time[begin] ?? 0, 'x', true)
  const width = Math.max(1, Math.min(16 * devicePixelRatio, step * 0.7))
  const tones = { rise: colour('--rise'), fall: colour('--fall') }
  ctx.save()
  ctx.beginPath()
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height)
  ctx.clip()
  for (let i = begin; i <= end; i++) {
    const [o, c] = [open[i] ?? 0, close[i] ?? 0]
    const x = plot.valToPos(time[i] ?? 0, 'x', true)
    /** @param {number} value */
    const y = (value) => plot.valToPos(value, 'y', true)
    ctx.fillStyle = c >= o ? tones.rise : tones.fall
    ctx.fillRect(
      x - devicePixelRatio / 2,
      y(high[i] ?? 0),
      devicePixelRatio,
      Math.max(1, y(low[i] ?? 0) - y(high[i] ?? 0)),
    )
    ctx.fillRect(x - width / 2, Math.min(y(o), y(c)), width, Math.max(1, Math.abs(y(o) - y(c))))
  }
  ctx.restore()
}

/** The shortest distance of two candles: gaps are longer. @param {number[]} time */
function stepOf(time) {
  let least = Infinity
  for (let i = 1; i < time.length; i++) least = Math.min(least, (time[i] ?? 0) - (time[i - 1] ?? 0))
  return Number.isFinite(least) ? least : 60
}

/**
 * Labels of the time axis, UTC: days where the ticks are days apart, else hours and minutes, with the day at midnight.
 *
 * @param {number[]} splits
 * @param {number} step
 */
function timeLabels(splits, step) {
  return splits.map((seconds) => {
    const [day = '', time = ''] = new Date(seconds * 1000).toISOString().split('T')
    return step >= 86_400 || time.startsWith('00:00') ? day : time.slice(0, 5)
  })
}

/**
 * @param {Candles} candles
 * @param {number} width
 * @returns {uPlot.Options}
 */
function chartOptions(candles, width) {
  const hidden = { paths: () => null, points: { show: false } }
  const axis = {
    stroke: () => colour('--faint'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { stroke: () => colour('--line'), width: 1 },
  }
  /** @param {string} label */
  const price = (label) => ({
    label,
    scale: 'y',
    ...hidden,
    value: (/** @type {uPlot} */ _, /** @type {number} */ value) => figure(value),
  })
  return {
    width,
    height: 380,
    padding: [8, 40, null, null],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { drag: { x: true, y: false } },
    scales: {
      x: { time: true },
      y: { range: (_, min, max) => padded(min, max) },
      // Volume keeps to the lower quarter.
      v: { range: (_, __, max) => [0, Math.max(1e-12, max * 4)] },
    },
    axes: [
      {
        ...axis,
        space: 90,
        values: (_, splits, __, ___, step) => timeLabels(splits, step),
      },
      { ...axis, scale: 'y', size: 80, values: (_, splits) => splits.map(figure) },
    ],
    series: [
      {
        label: 'Time',
        value: (_, seconds) =>
          seconds == null ? '-' : moment(new Date(seconds * 1000).toISOString()),
      },
      price('Open'),
      price('High'),
      price('Low'),
      price('Close'),
      {
        label: 'Volume',
        scale: 'v',
        points: { show: false },
        ...(uPlot.paths.bars === undefined ? {} : { paths: uPlot.paths.bars({ size: [0.7, 16] }) }),
        fill: () => `${colour('--faint')}55`,
        value: (_, value) => figure(value),
      },
    ],
    hooks: { drawSeries: [(plot, index) => (index === 4 ? drawCandles(plot) : undefined)] },
  }
}

/** @param {number} min @param {number} max @returns {[number, number]} */
function padded(min, max) {
  const room = (max - min) * 0.06 || Math.abs(max) * 0.01 || 1
  return [min - (max - min) * 0.3 - room, max + room]
}

/**
 * The chart with its controls, the words that say what it shows, and the same as a table.
 *
 * @param {Series} series
 * @returns {{ element: HTMLElement, show(): void, repaint(): void, resize(): void } | undefined}
 */
function chart(series) {
  const { candles } = series
  if (candles === undefined) return undefined
  const { open, high, low, close, volume, step } = candles
  const time = timesOf(candles)
  const whole = { min: (time[0] ?? 0) - step / 2, max: (time.at(-1) ?? 0) + step * 1.5 }
  const box = make('div', { class: 'chart' })
  const said = make('p', { class: 'range', 'aria-live': 'polite' })
  const table = make('details', {}, make('summary', {}, 'The shown candles as a table'))
  const from = /** @type {HTMLInputElement} */ (make('input', { type: 'date' }))
  const to = /** @type {HTMLInputElement} */ (make('input', { type: 'date' }))
  /** @type {uPlot | undefined} */
  let plot
  const range = () => ({
    min: plot?.scales['x']?.min ?? whole.min,
    max: plot?.scales['x']?.max ?? whole.max,
  })
  /** Indices of the candles in the shown range. */
  const shown = () => {
    const { min, max } = range()
    return time
      .map((_, index) => index)
      .filter((index) => (time[index] ?? 0) >= min && (time[index] ?? 0) <= max)
  }
  const fillTable = () => {
    const indices = shown()
    const rows = indices
      .slice(0, TABLE_ROWS)
      .map((i) => [
        moment(new Date((time[i] ?? 0) * 1000).toISOString()),
        ...[open, high, low, close, volume].map((column) => figure(column[i])),
      ])
    const more =
      indices.length > TABLE_ROWS
        ? `and ${grouped(indices.length - TABLE_ROWS)} more; zoom in to see them`
        : ''
    table.querySelector('div')?.remove()
    table.append(
      textTable('Candles', ['Opens', 'Open', 'High', 'Low', 'Close', 'Volume'], rows, more),
    )
  }
  const tell = () => {
    const indices = shown()
    const lows = indices.map((i) => low[i] ?? Infinity)
    const highs = indices.map((i) => high[i] ?? -Infinity)
    const sum = indices.reduce((total, i) => total + (volume[i] ?? 0), 0)
    const [a, b] = [indices[0], indices.at(-1)]
    if (a === undefined || b === undefined) said.textContent = 'No candle in this range.'
    else {
      from.value = dayOf((time[a] ?? 0) * 1000)
      to.value = dayOf((time[b] ?? 0) * 1000)
      said.textContent = `${grouped(indices.length)} candles of ${duration(step)} from ${from.value} to ${to.value}: low ${figure(Math.min(...lows))}, high ${figure(Math.max(...highs))}, first open ${figure(open[a])}, last close ${figure(close[b])}, volume ${figure(sum)}.`
    }
    if (table.hasAttribute('open')) fillTable()
  }
  /** @param {number} min @param {number} max */
  const zoom = (min, max) => {
    if (max - min < step) return
    const length = Math.min(max - min, whole.max - whole.min)
    const start = Math.min(Math.max(min, whole.min), whole.max - length)
    plot?.setScale('x', { min: start, max: start + length })
  }
  /** @param {string} label @param {() => void} act */
  const button = (label, act) => {
    const element = make('button', { type: 'button' }, label)
    element.addEventListener('click', act)
    return element
  }
  /** Moves both ends by shares of the shown length. @param {number} left @param {number} right */
  const move = (left, right) => () => {
    const { min, max } = range()
    zoom(min + (max - min) * left, max + (max - min) * right)
  }
  const pick = () => {
    const [min, max] = [Date.parse(from.value) / 1000, Date.parse(to.value) / 1000 + 86_400]
    if (min < max) zoom(min, max)
  }
  from.addEventListener('change', pick)
  to.addEventListener('change', pick)
  table.addEventListener('toggle', () => table.hasAttribute('open') && fillTable())
  const buttons = make(
    'div',
    { class: 'buttons', role: 'group', 'aria-label': 'Range of the chart' },
    button('Earlier', move(-0.5, -0.5)),
    button('Later', move(0.5, 0.5)),
    button('Zoom in', move(0.25, -0.25)),
    button('Zoom out', move(-0.5, 0.5)),
    button('All', () => zoom(whole.min, whole.max)),
    make('label', {}, 'From ', from),
    make('label', {}, 'to ', to),
  )
  return {
    element: make('div', {}, buttons, box, said, table),
    show() {
      const options = chartOptions(candles, Math.max(320, box.clientWidth))
      options.hooks = { ...options.hooks, setScale: [(_, key) => key === 'x' && tell()] }
      plot = new uPlot(options, [time, open, high, low, close, volume], box)
      zoom(whole.min, whole.max)
      tell()
    },
    repaint: () => plot?.redraw(),
    resize: () => plot?.setSize({ width: Math.max(320, box.clientWidth), height: 380 }),
  }
}
