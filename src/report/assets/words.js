// Words, dates and elements that the other scripts of the page share. All text goes in as text, never as HTML.

const DAY_MS = 86_400_000

/** @param {number} value */
function grouped(value) {
  return Math.round(value).toLocaleString('en-US')
}

/**
 * A price or volume with as many decimals as it has, seven digits at most.
 *
 * @param {number | null | undefined} value
 */
function figure(value) {
  return value == null ? '-' : value.toLocaleString('en-US', { maximumSignificantDigits: 7 })
}

/** @param {number} ms */
function dayOf(ms) {
  return new Date(ms).toISOString().slice(0, 10)
}

/**
 * `2024-03-05 02:00`, with as much of the time as is not zero.
 *
 * @param {string} iso
 */
function moment(iso) {
  const [day = '', time = ''] = iso.replace('Z', '').split('T')
  const short = time.replace(/\.0+$/, '').replace(/^(\d\d:\d\d):00$/, '$1')
  return short === '00:00' ? day : `${day} ${short}`
}

/** The address of a series within the page. @param {string} id */
function addressOf(id) {
  return `#${encodeURI(id)}`
}

/** @param {{ from: string, to: string }} window */
function span({ from, to }) {
  return `${moment(from)} to ${moment(to)}`
}

/** @param {number} seconds */
function duration(seconds) {
  /** @type {[number, string][]} */
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ]
  for (const [length, unit] of units) {
    const number = seconds / length
    if (number >= 1 && Number.isInteger(number))
      return `${number} ${unit}${number === 1 ? '' : 's'}`
  }
  return `${seconds} seconds`
}

/**
 * Makes an element.
 *
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

/**
 * Makes an SVG element.
 *
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
function draw(name, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  element.append(...children)
  return element
}

/**
 * A table of texts; `more` says what was left out.
 *
 * @param {string} caption
 * @param {string[]} heads
 * @param {string[][]} rows
 * @param {string} [more]
 */
function textTable(caption, heads, rows, more = '') {
  const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col' }, text)))
  const body = rows.map((cells) => make('tr', {}, ...cells.map((text) => make('td', {}, text))))
  const table = make(
    'table',
    {},
    make('caption', {}, caption),
    make('thead', {}, head),
    make('tbody', {}, ...body),
  )
  return make(
    'div',
    { class: 'wide' },
    table,
    ...(more === '' ? [] : [make('p', { class: 'note' }, more)]),
  )
}
