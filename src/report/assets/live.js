// A page that is served reads the lake again and again, and candles when it shows them.

/** How often the lake is read, in milliseconds. */
const READ_MS = 5_000

const isServed = document.body.dataset['kind'] === 'served'

/**
 * The candles of a series, read from the lake.
 *
 * @param {string} id
 * @param {[from: string, to: string]} [window]
 * @returns {Promise<Candles | undefined>}
 */
async function fetchCandles(id, window) {
  const query = new URLSearchParams({ series: id })
  if (window !== undefined) {
    query.set('from', window[0])
    query.set('to', window[1])
  }
  const response = await fetch(`api/candles?${query}`)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error?.message ?? `status ${response.status}`)
  return answer.open === undefined ? undefined : answer
}

/** Takes over what a newer page says, but for what the reader has chosen. @param {string} text */
function takeOver(text) {
  const page = new DOMParser().parseFromString(text, 'text/html')
  const data = page.getElementById('document')?.textContent
  if (data == null) throw new Error('no page')
  for (const id of ['made', 'totals', 'attention']) {
    const [old, now] = [document.getElementById(id), page.getElementById(id)]
    if (old !== null && now !== null) old.replaceWith(document.adoptNode(now))
  }
  // Those who had opened the runs go on reading them.
  const runs = page.getElementById('runs')
  const shown = document.getElementById('runs')
  if (runs !== null && shown === null) document.querySelector('main')?.before(runs)
  else if (runs !== null && shown !== null) shown.replaceChildren(...runs.childNodes)
  const body = document.querySelector('#overview > tbody')
  const current = document.querySelector('#overview tr[aria-current]')?.getAttribute('data-id')
  const focused = document.activeElement?.closest('tr[data-id]')?.getAttribute('data-id')
  document.querySelector('main')?.append(/** @type {Node} */ (document.getElementById('detail')))
  body?.replaceChildren(...(page.querySelector('#overview > tbody')?.childNodes ?? []))
  const axis = page.querySelector('#overview .axis')
  if (axis !== null) document.querySelector('#overview .axis')?.replaceWith(axis)
  sort()
  filter()
  if (current != null) markRow(current)
  const row = seriesRows().find(({ dataset }) => dataset['id'] === focused)
  if (focused != null) row?.querySelector('a')?.focus({ preventScroll: true })
  return JSON.parse(data)
}

/** @param {(lake: Lake) => void} onChange */
function follow(onChange) {
  const status = document.getElementById('live')
  let version = ''
  const read = async () => {
    if (document.visibilityState !== 'visible') return
    try {
      const response = await fetch('./', { headers: { 'if-none-match': version } })
      version = response.headers.get('etag') ?? ''
      if (response.status === 200) onChange(takeOver(await response.text()))
      else if (response.status !== 304) throw new Error(`status ${response.status}`)
      if (status !== null) status.textContent = `Read every ${READ_MS / 1000} seconds.`
    } catch {
      if (status !== null)
        status.textContent = 'The lake cannot be read now; this is what it held before.'
    }
  }
  const again = () => void read().finally(() => setTimeout(again, READ_MS))
  setTimeout(again, READ_MS)
}
