// Where candles are missing: found between them, named by what the lake knows, and shaded on the chart.

/** Slots without a candle that one hole takes on the chart at most, however long it is. */
const HOLE_SLOTS = 60

/**
 * @typedef {{ from: number, to: number, words: string }} Hole seconds since 1970, half-open
 */

/** The times of candles, in seconds. @param {Candles} candles */
function timesOf({ first, apart }) {
  const times = [first]
  for (const [seconds, count] of apart)
    for (let i = 0; i < count; i++) times.push((times.at(-1) ?? 0) + seconds)
  return times
}

/**
 * The holes between candles.
 *
 * @param {number[]} times
 * @param {number} step
 * @param {Series} series
 * @returns {Hole[]}
 */
function holesOf(times, step, series) {
  /** @type {Hole[]} */
  const holes = []
  for (let i = 1; i < times.length; i++) {
    const [from, to] = [(times[i - 1] ?? 0) + step, times[i] ?? 0]
    // Off the grid by less than a candle is no hole.
    if (to - from >= step) holes.push({ from, to, words: holeWords(from, to, series) })
  }
  return holes
}

/** @param {number} from @param {number} to @param {Series} series */
function holeWords(from, to, series) {
  /** @param {Span} window */
  const touches = (window) =>
    Date.parse(window.from) < to * 1000 && Date.parse(window.to) > from * 1000
  const gap = series.gaps.find(touches)
  if (gap !== undefined) return gap.reason.replaceAll('-', ' ')
  return series.missing.some(touches) ? 'missing' : 'no rows'
}

/** The times at which a hole takes a slot. @param {Hole} hole @param {number} step */
function slotsOf({ from, to }, step) {
  const count = Math.min(HOLE_SLOTS, Math.max(1, Math.round((to - from) / step)))
  return Array.from({ length: count }, (_, index) => from + ((to - from) * index) / count)
}

/**
 * Writes what a hole is where it is wide enough, upright where it is only as wide as a line is high.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} x
 * @param {number} width
 */
function nameHole(context, words, x, width) {
  const room = context.measureText(words).width
  if (room + 4 <= width) context.fillText(words, x + (width - room) / 2, 14)
  else if (width >= 13) {
    context.save()
    context.translate(x + width / 2 + 4, 8 + room)
    context.rotate(-Math.PI / 2)
    context.fillText(words, 0, 0)
    context.restore()
  }
}

/**
 * Shades holes over the height of the chart, and writes what they are where there is room. A primitive of the library.
 *
 * @param {() => { hole: Hole, first: number, last: number }[]} shown
 * @param {() => import('lightweight-charts').ITimeScaleApi<import('lightweight-charts').Time>} timeScale
 * @returns {import('lightweight-charts').ISeriesPrimitive<import('lightweight-charts').Time>}
 */
function holeShades(shown, timeScale) {
  /** @param {Parameters<import('lightweight-charts').IPrimitivePaneRenderer['draw']>[0]} target */
  const paint = (target) =>
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const half = timeScale().options().barSpacing / 2
      context.font = '11px system-ui, sans-serif'
      for (const { hole, first, last } of shown()) {
        const [left, right] = [first, last].map((time) =>
          timeScale().timeToCoordinate(
            /** @type {import('lightweight-charts').UTCTimestamp} */ (time),
          ),
        )
        if (left == null || right == null) continue
        const [x, width] = [left - half, Math.max(2, right - left + 2 * half)]
        context.fillStyle = `${colour('--day-o')}33`
        context.fillRect(x, 0, width, mediaSize.height)
        context.fillStyle = colour('--faint')
        nameHole(context, hole.words, x, width)
      }
    })
  return { paneViews: () => [{ zOrder: () => 'bottom', renderer: () => ({ draw: paint }) }] }
}
