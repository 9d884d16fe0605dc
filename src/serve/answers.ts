/** What the lake's web page answers: one function from a request to an answer. Reads the lake anew for each. */

import { createHash } from 'node:crypto'
import { union } from '../base/coverage.ts'
import { DamageError, describeError, UsageError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { jsonText, quoteText } from '../base/text.ts'
import { parseMicros, periodWindow, type Window } from '../base/time.ts'
import type { WebAnswer, WebRequest } from '../node/web-server.ts'
import { hasCandles } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { storedOne, storedSeries, type StoredSeries } from '../query/status.ts'
import { dayRow, daysText } from '../report/days.ts'
import { dayFacts, keyOf } from '../report/facts.ts'
import { lakeDocument, type LakeDocument } from '../report/lake-document.ts'
import { pagePolicy, reportPage, type Assets } from '../report/page.ts'
import { seriesCandles } from '../report/series-candles.ts'
import { seriesId } from '../report/series-id.ts'
import { checkLake, listSeries } from '../store/lake.ts'
import type { ReportDocument } from '../report/document.ts'
import { writerOf } from './writer.ts'
import { isOwnHost } from './host-check.ts'

/** What all answers are made of. */
export type Shown = {
  readonly world: World
  readonly assets: Assets
  /** The host that is listened on. */
  readonly host: string
}

/** Rows that are read for one answer at most: a few seconds. */
const CANDLE_ROWS_MAX = 1_000_000
const CANDLES_MAX = 5_000
const CANDLES = 1_500

type Route = (shown: Shown, request: WebRequest) => Promise<WebAnswer>

const ROUTES: Readonly<Record<string, Route>> = {
  '/': page,
  '/api/overview': overview,
  '/api/days': days,
  '/api/candles': candles,
}

/** Answers one request; never rejects. */
export async function answerWeb(shown: Shown, request: WebRequest): Promise<WebAnswer> {
  try {
    if (!isOwnHost(request.host, shown.host))
      return failure(403, 'E_HOST', `this page is not served as ${quoteText(request.host)}`)
    const route = Object.hasOwn(ROUTES, request.path) ? ROUTES[request.path] : undefined
    if (route === undefined)
      return failure(404, 'E_NOT_FOUND', `there is no ${quoteText(request.path)}`)
    return await route(shown, request)
  } catch (error) {
    const { code, message } = describeError(error)
    if (error instanceof NotFound) return failure(404, 'E_NOT_FOUND', message)
    return failure(error instanceof UsageError ? 400 : 500, code, message)
  }
}

class NotFound extends UsageError {}

async function page(shown: Shown, request: WebRequest): Promise<WebAnswer> {
  const { document, rows } = await lake(shown, request)
  const version = versionOf(document)
  const headers = {
    ...HEADERS,
    etag: version,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': pagePolicy(shown.assets, 'served'),
  }
  if (request.knownVersion === version) return { status: 304, headers, body: '' }
  return { status: 200, headers, body: reportPage(document, rows, shown.assets, 'served') }
}

/** Changes when the lake does, and by the hour, since the page says how old things are. */
function versionOf({ made, ...rest }: ReportDocument): string {
  const text = jsonText({ ...rest, hour: made.slice(0, 13) })
  return `"${createHash('sha256').update(text).digest('base64url')}"`
}

async function overview(shown: Shown, request: WebRequest): Promise<WebAnswer> {
  const { document } = await lake(shown, request)
  return json(200, document)
}

async function lake({ world }: Shown, { signal }: WebRequest): Promise<LakeDocument> {
  await checkLake(world.files)
  const writer = await writerOf(world)
  return lakeDocument(await storedSeries(world.files), {
    ...(writer === undefined ? {} : { writer }),
    world,
    candles: 'live',
    signal,
  })
}

async function days({ world }: Shown, { query }: WebRequest): Promise<WebAnswer> {
  const { status } = await seriesNamed(world, query)
  const row = dayRow(dayFacts(status))
  return json(200, row === undefined ? {} : daysText(row))
}

async function candles({ world }: Shown, { query, signal }: WebRequest): Promise<WebAnswer> {
  const { status, present } = await seriesNamed(world, query)
  const key = keyOf(status)
  if (!hasCandles(datasetOf(key))) throw new UsageError(`${key.dataset} has no candles`)
  const stored = union([...(present?.partitions.keys() ?? [])].map(periodWindow))
  const window = windowIn(query)
  const reading = {
    world,
    signal,
    ...(window === undefined ? {} : { window, rowsMax: CANDLE_ROWS_MAX }),
  }
  const max = countIn(query)
  return json(
    200,
    (await seriesCandles(key, { stored, covered: status.covered }, reading, max)) ?? {},
  )
}

/** The series that a request names. It is looked for among those that are there; no path is made of the name. */
async function seriesNamed({ files }: World, query: URLSearchParams): Promise<StoredSeries> {
  const id = query.get('series') ?? ''
  const key = (await listSeries(files)).find((one) => seriesId(one) === id)
  if (key === undefined) throw new NotFound(`the lake has no series ${quoteText(id)}`)
  const one = await storedOne(key, files)
  if (one.status.error !== undefined) throw new DamageError(one.status.error.message)
  return one
}

function windowIn(query: URLSearchParams): Window | undefined {
  const [from, to] = [query.get('from'), query.get('to')]
  if (from === null && to === null) return undefined
  const window = { from: momentOf(from), to: momentOf(to) }
  if (window.from < window.to) return window
  throw new UsageError('`from` is not before `to`')
}

function momentOf(text: string | null): Window['from'] {
  if (text === null) throw new UsageError('`from` and `to` go together')
  try {
    return parseMicros(text)
  } catch (error) {
    throw new UsageError(`${quoteText(text)} is no moment`, { cause: error })
  }
}

function countIn(query: URLSearchParams): number {
  const text = query.get('max')
  if (text === null) return CANDLES
  const max = Number(text)
  if (Number.isInteger(max) && max >= 1 && max <= CANDLES_MAX) return max
  throw new UsageError(`max is a whole number from 1 to ${CANDLES_MAX}`)
}

/** On every answer: nothing is kept, guessed, framed, or given to another page. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
}

function json(status: number, value: unknown): WebAnswer {
  return {
    status,
    headers: {
      ...HEADERS,
      'content-type': 'application/json',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    },
    body: `${jsonText(value)}\n`,
  }
}

function failure(status: number, code: string, message: string): WebAnswer {
  return json(status, { error: { code, message } })
}
