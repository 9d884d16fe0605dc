/** Numbers, sizes and times as people read them, in ASCII. */

import type { WindowText } from '../index.ts'

/** `1,234,567`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 file`, `2 files`, `0 files`. */
export function counted(value: number, noun: string, plural: string = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `850 B`, `1.2 kB`, `3.4 GB`: powers of 1000. */
export function bytes(value: number): string {
  let rest = value
  let unit = 0
  while (rest >= 999.5 && unit < SIZES.length - 1) {
    rest /= 1000
    unit += 1
  }
  const digits = unit > 0 && rest < 99.95 ? 1 : 0
  return `${rest.toFixed(digits)} ${SIZES[unit] ?? ''}`
}

/** `0.4 s`, `2 s`, `14 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown'
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${Math.max(0, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.round(whole / 60)
  if (minutes < 1440) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** How long ago a moment was, in its largest unit: `40 s`, `12 min`, `5 h`, `21 d`. */
export function age(iso: string, now: string): string {
  const seconds = Math.max(0, Math.floor((Date.parse(now) - Date.parse(iso)) / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800
    ? `${Math.floor(seconds / 3_600)} h`
    : `${count(Math.floor(seconds / 86_400))} d`
}

/** How long something will take: rounded, since it is a guess. */
export function minutesAbout(minutes: number): string {
  if (minutes < 1) return 'less than a minute'
  return `about ${duration(Math.round(minutes) * 60)}`
}

/**
 * A half-open window in UTC: `2024-01-01 to 2024-02-01`, `2024-01-01 02:00 to 05:30`, with as much of the time
 * as is not zero.
 */
export function span({ from, to }: WindowText): string {
  const [a, b] = [moment(from), moment(to)]
  const isMidnight = a.time === '00:00' && b.time === '00:00'
  if (isMidnight) return `${a.day} to ${b.day}`
  return a.day === b.day
    ? `${a.day} ${a.time} to ${b.time}`
    : `${a.day} ${a.time} to ${b.day} ${b.time}`
}

/** `2024-01-01 02:00`, with seconds and microseconds where they are not zero. */
export function instant(iso: string): string {
  const { day, time } = moment(iso)
  return `${day} ${time}`
}

function moment(iso: string): { readonly day: string; readonly time: string } {
  const [day = '', time = ''] = iso.replace('Z', '').split('T')
  return { day, time: time.replace(/\.0+$/, '').replace(/^(\d\d:\d\d):00$/, '$1') }
}

/** The windows, one a line; of more than `max` the first ones, and how many more. */
export function spans(windows: readonly WindowText[], max = 4): readonly string[] {
  const shown = windows.length <= max ? windows : windows.slice(0, max - 1)
  const rest = windows.length - shown.length
  const last = windows.at(-1)
  const lines = shown.map(span)
  return rest === 0 || last === undefined
    ? lines
    : [...lines, `and ${rest} more, the last ${span(last)}`]
}
