// The list of series: filters and sorting.

/** @param {string} id */
function valueOf(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id)).value
}

/** The rows of the list. The one in which a phone shows the detail is none of them. */
function seriesRows() {
  return /** @type {HTMLTableRowElement[]} */ ([
    ...document.querySelectorAll('#overview > tbody > tr[data-id]'),
  ])
}

function filter() {
  const name = valueOf('name').trim().toLowerCase()
  const [standing, dataset] = [valueOf('standing'), valueOf('dataset')]
  const rows = seriesRows()
  let shown = 0
  for (const row of rows) {
    const isShown =
      (row.cells[0]?.textContent ?? '').toLowerCase().includes(name) &&
      (standing === '' || standing === row.dataset['standing']) &&
      (dataset === '' || dataset === row.dataset['dataset'])
    row.hidden = !isShown
    if (isShown) shown += 1
  }
  const output = document.getElementById('shown')
  if (output !== null) output.textContent = `${shown} of ${rows.length} shown`
}

/** @param {HTMLTableRowElement} row @param {number} column */
function sortValue(row, column) {
  const cell = row.cells[column]
  const number = cell?.dataset['value']
  return number === undefined ? (cell?.textContent ?? '') : Number(number)
}

/** Puts the rows in the order that the heads say. */
function sort() {
  const heads = [...document.querySelectorAll('#overview > thead th')]
  const column = heads.findIndex((head) => head.hasAttribute('aria-sort'))
  if (column < 0) return
  const rows = seriesRows().sort((a, b) => {
    const [x, y] = [sortValue(a, column), sortValue(b, column)]
    return x < y ? -1 : x > y ? 1 : 0
  })
  const isDown = heads[column]?.getAttribute('aria-sort') === 'descending'
  document.querySelector('#overview > tbody')?.append(...(isDown ? rows.reverse() : rows))
  placeDetail()
}

/** @param {Element} head */
function sortBy(head) {
  const isDown = head.getAttribute('aria-sort') === 'ascending'
  for (const other of document.querySelectorAll('#overview > thead th[aria-sort]'))
    other.removeAttribute('aria-sort')
  head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending')
  sort()
}

function startList() {
  const controls = /** @type {HTMLFormElement} */ (document.getElementById('controls'))
  controls.hidden = false
  controls.addEventListener('input', filter)
  controls.addEventListener('submit', (event) => event.preventDefault())
  filter()
  for (const head of document.querySelectorAll('#overview > thead th')) {
    if (head.classList.contains('days')) continue
    const sorter = make('button', { type: 'button', class: 'sort' }, head.textContent ?? '')
    sorter.addEventListener('click', () => sortBy(head))
    head.replaceChildren(sorter)
  }
}
