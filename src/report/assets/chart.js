// Candles and volume of one series, drawn by TradingView's Lightweight Charts.

/** @type {typeof import('lightweight-charts')} */
const charts = /** @type {any} */ (globalThis).LightweightCharts

/**
 * @typedef {import('lightweight-charts').UTCTimestamp} Time
 * @typedef {{ candles: Candles, times: number[], slots: number[], places: number[], holes: Hole[] }} Drawn
 */

/** @param {string} name */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** @param {number} seconds */
function isoOf(seconds) {
  return new Date(seconds * 1000).toISOString()
}

/** @param {boolean} isLog */
function chartColours(isLog) {
  const line = { color: colour('--line') }
  return {
    layout: {
      attributionLogo: false,
      background: { color: colour('--card') },
      textColor: colour('--faint'),
      fontFamily: 'system-ui, sans-serif',
    },
    grid: { vertLines: line, horzLines: line },
    rightPriceScale: {
      borderColor: colour('--line'),
      mode: isLog ? charts.PriceScaleMode.Logarithmic : charts.PriceScaleMode.Normal,
    },
  }
}

function candleColours() {
  const [rise, fall] = [colour('--rise'), colour('--fall')]
  return {
    upColor: rise,
    borderUpColor: rise,
    wickUpColor: rise,
    downColor: fall,
    borderDownColor: fall,
    wickDownColor: fall,
  }
}

/**
 * A label of the time axis: as much of an ISO date as tells it from its neighbours.
 *
 * @param {unknown} time
 * @param {number} kind
 */
function tickLabel(time, kind) {
  const iso = isoOf(Number(time))
  const { Year, Month, DayOfMonth, Time: OfDay } = charts.TickMarkType
  if (kind === Year) return iso.slice(0, 4)
  if (kind === Month) return iso.slice(0, 7)
  if (kind === DayOfMonth) return iso.slice(5, 10)
  return kind === OfDay ? iso.slice(11, 16) : iso.slice(11, 19)
}

/**
 * The chart itself.
 *
 * @param {HTMLElement} box
 * @param {() => Drawn} drawn
 */
function drawChart(box, drawn) {
  let isLog = false
  const chart = charts.createChart(box, {
    ...chartColours(isLog),
    autoSize: true,
    localization: {
      locale: 'en-US',
      priceFormatter: figure,
      timeFormatter: (/** @type {unknown} */ time) => moment(isoOf(Number(time))),
    },
    timeScale: {
      borderVisible: false,
      rightOffset: 2,
      minBarSpacing: 0.05,
      timeVisible: drawn().candles.step < 86_400,
      secondsVisible: drawn().candles.step < 60,
      tickMarkFormatter: tickLabel,
    },
    crosshair: { mode: charts.CrosshairMode.Normal },
    // A finger that goes up or down moves the page.
    handleScroll: { vertTouchDrag: false },
  })
  const prices = chart.addSeries(charts.CandlestickSeries, {
    ...candleColours(),
    priceFormat: { type: 'custom', minMove: 1e-8, formatter: figure },
  })
  const volume = chart.addSeries(charts.HistogramSeries, {
    priceScaleId: '',
    priceLineVisible: false,
    lastValueVisible: false,
    color: `${colour('--faint')}55`,
  })
  prices.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } })
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } })
  const shades = () =>
    drawn().holes.map((hole) => {
      const slots = slotsOf(hole, drawn().candles.step)
      return { hole, first: slots[0] ?? hole.from, last: slots.at(-1) ?? hole.from }
    })
  prices.attachPrimitive(holeShades(shades, () => chart.timeScale()))
  const fill = () => {
    const { candles, slots, times } = drawn()
    const at = new Map(times.map((time, index) => [time, index]))
    prices.setData(slots.map((time) => candleAt(candles, at.get(time), time)))
    volume.setData(slots.map((time) => volumeAt(candles, at.get(time), time)))
  }
  fill()
  return {
    chart,
    prices,
    fill,
    repaint() {
      chart.applyOptions(chartColours(isLog))
      prices.applyOptions(candleColours())
      volume.applyOptions({ color: `${colour('--faint')}55` })
    },
    /** @param {boolean} isWanted */
    setLog(isWanted) {
      isLog = isWanted
      chart.applyOptions(chartColours(isLog))
    },
  }
}

/** @param {Candles} candles @param {number | undefined} index @param {number} time */
function candleAt({ open, high, low, close }, index, time) {
  const slot = { time: /** @type {Time} */ (time) }
  if (index === undefined) return slot
  return {
    ...slot,
    open: open[index] ?? 0,
    high: high[index] ?? 0,
    low: low[index] ?? 0,
    close: close[index] ?? 0,
  }
}

/** @param {Candles} candles @param {number | undefined} index @param {number} time */
function volumeAt({ volume }, index, time) {
  const slot = { time: /** @type {Time} */ (time) }
  return index === undefined ? slot : { ...slot, value: volume[index] ?? 0 }
}
