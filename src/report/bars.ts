/** The bars of the overview as SVG, and the time axis above them. */

import { formatMicros, micros } from '../base/time.ts'
import { barStates, type BarSpan, type DayRow, type DayState } from './days.ts'

/** Columns of a bar: as many as a wide screen shows of it. */
const COLUMNS = 300
const HEIGHT = 10

/** A bar: one path for each state. Its words are in the row, so it is hidden from readers of words. */
export function bar(row: DayRow, span: BarSpan): string {
  const states = barStates(row, { ...span, columns: COLUMNS })
  const paths = new Map<DayState, string>()
  for (let at = 0; at < states.length;) {
    const state = states[at] ?? '-'
    let end = at + 1
    while (end < states.length && states[end] === state) end++
    if (state !== '-')
      paths.set(state, `${paths.get(state) ?? ''}M${at} 0h${end - at}v${HEIGHT}h-${end - at}z`)
    at = end
  }
  const drawn = [...paths].map(([state, path]) => `<path class="d-${state}" d="${path}"/>`).join('')
  return `<svg class="bar" viewBox="0 0 ${states.length} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${drawn}</svg>`
}

/** Labels on the axis at most; years are short. */
const LABELS_MAX = { year: 6, month: 4, day: 3 } as const

/** The room that a label needs, as a share of the axis. */
const ROOM = { year: 0.08, month: 0.16, day: 0.24 } as const

/** The axis: years, months or days, as the span has them. */
export function axis(span: BarSpan): string {
  const marks = ticks(span).map(({ share, label }) => {
    const x = `${(share * 100).toFixed(2)}%`
    return `<line x1="${x}" x2="${x}" y1="13" y2="18"/><text x="${x}" y="10">${label}</text>`
  })
  return `<svg class="axis" aria-hidden="true">${marks.join('')}</svg>`
}

type Tick = { readonly share: number; readonly label: string }

/** Where the axis is marked, as shares of its length, and with what: ISO dates, as short as they can be. */
export function ticks({ first, count, step }: BarSpan): readonly Tick[] {
  const [from, to] = [BigInt(first) * step, BigInt(first + count) * step]
  const days = Number(to - from) / 86_400e6
  const unit = days > 900 ? 'year' : days > 60 ? 'month' : 'day'
  const starts = startsOf(unit, Number(from / 1000n), Number(to / 1000n))
  const each = Math.ceil(starts.length / LABELS_MAX[unit])
  const length = { year: 4, month: 7, day: 10 }[unit]
  return starts
    .filter((_, index) => index % each === 0)
    .map((ms) => ({
      share: (ms - Number(from / 1000n)) / (Number(to - from) / 1000),
      label: formatMicros(micros(BigInt(ms) * 1000n)).slice(0, length),
    }))
    .filter(({ share }) => share <= 1 - ROOM[unit])
}

/** The first moments of years, months or days in `[from, to)`, in milliseconds. */
function startsOf(unit: 'year' | 'month' | 'day', from: number, to: number): readonly number[] {
  const begin = new Date(from)
  const at = (index: number): number =>
    Date.UTC(
      begin.getUTCFullYear() + (unit === 'year' ? index : 0),
      unit === 'year' ? 0 : begin.getUTCMonth() + (unit === 'month' ? index : 0),
      unit === 'day' ? begin.getUTCDate() + index : 1,
    )
  const starts: number[] = []
  for (let index = 0; at(index) < to; index++) if (at(index) >= from) starts.push(at(index))
  return starts
}
