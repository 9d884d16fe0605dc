/** Text on its way into the page. Whatever comes from outside passes here; nothing else may put it there. */

import { jsonText, quoteText } from '../base/text.ts'
import { parseMicros } from '../base/time.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** `text` for HTML, in an element or a quoted attribute; characters that hide or reorder are written out. */
export function html(text: string): string {
  return quoteText(text, 2000).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '')
}

/** A value as JSON for a `<script>` element that is not run: no `<`, so that nothing can end it, and nothing hidden. */
export function scriptJson(value: unknown): string {
  return jsonText(value).replaceAll('<', '\\u003c')
}

/** `1,234,567`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `850 B`, `1.2 kB`, `3.4 GB`: powers of 1000. */
export function size(bytes: number): string {
  let rest = bytes
  let unit = 0
  for (; rest >= 999.5 && unit < SIZES.length - 1; unit++) rest /= 1000
  return `${rest.toFixed(unit > 0 && rest < 99.95 ? 1 : 0)} ${SIZES[unit] ?? ''}`
}

/** `2024-03-05 02:00` of an ISO 8601 text, with as much of the time as is not zero. */
export function moment(iso: string): string {
  const [day = '', time = ''] = iso.replace('Z', '').split('T')
  const short = time.replace(/\.0+$/, '').replace(/^(\d\d:\d\d):00$/, '$1')
  return short === '' || short === '00:00' ? day : `${day} ${short}`
}

const AGES: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
]

/** How long before `now` a moment was, in one unit: `21 days ago`. */
export function age(iso: string, now: string): string {
  const seconds = Number(parseMicros(now) - parseMicros(iso)) / 1e6
  if (seconds < 0) return 'not yet over'
  const [length, unit] = AGES.find(([each]) => seconds >= 2 * each) ?? [1, 'second']
  const number = Math.floor(seconds / length)
  return `${count(number)} ${unit}${number === 1 ? '' : 's'} ago`
}
