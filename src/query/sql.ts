/** SQL over the lake, by DuckDB where it is installed: one view for each dataset, and nothing that can be changed. */

import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api'
import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import { StoreError, UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { type DatasetKind } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { DEFAULT_MARKET, type Market } from '../binance/series.ts'
import { DATA_DIR } from '../options.ts'
import type { Files } from '../base/ports.ts'
import { filesAt } from '../cloud/files-at.ts'
import { plainPath } from '../node/plain-path.ts'
import { LakeSymbols, symbolsSql, type LakeSymbol } from './lake-symbols.ts'
import { cachedFiles, type Fetch } from './sql-cache.ts'
import { sqlValue, type SqlValue } from './sql-value.ts'
import { checkLake, listSeries } from '../store/lake.ts'
import { readManifest } from '../store/series.ts'

export type { SqlValue } from './sql-value.ts'

/** One column of an answer; `type` is DuckDB's name for it, such as `DOUBLE` or `TIMESTAMP WITH TIME ZONE`. */
export type SqlColumn = { readonly name: string; readonly type: string }

/** An answer: its columns at once, its rows as they are read, some at a time. */
export type SqlAnswer = {
  readonly columns: readonly SqlColumn[]
  rows(): AsyncGenerator<readonly (readonly SqlValue[])[], void, void>
  /** Lets go of the database; call it when done, also with rows left. */
  close(): void
}

/** Where to ask. */
export type SqlOptions = {
  /** The lake's directory. Default `data`. */
  readonly dataDir?: string
  /** Of a lake in a bucket: the most bytes of its files that are kept on this machine. Default 20 GB. */
  readonly cacheMaxBytes?: number
  /** Of a lake in a bucket: told before files are fetched. */
  readonly onFetch?: (fetch: Fetch) => void
}

export type { Fetch } from './sql-cache.ts'

type DuckDb = typeof import('@duckdb/node-api')

/**
 * Asks the lake one question. Each dataset that the lake holds is a view of its name, with the columns of the files and
 * `symbol`, `interval`, `period` and `account` of their paths, all text. The view `symbols` has the symbols of the lake:
 * `symbol`, `market`, `first`, `last` and `status`.
 *
 * Only SELECT is accepted, and no file outside the lake can be read. Of a lake in a bucket, the files of each dataset that
 * the query names are fetched first, and kept for the next query.
 *
 * @throws UsageError when DuckDB is not installed, the lake holds nothing, or the query cannot be run as it stands.
 * @throws StoreError when a file cannot be read.
 */
export async function sql(query: string, options: SqlOptions = {}): Promise<SqlAnswer> {
  const { dataDir = DATA_DIR } = options
  // DuckDB says nothing of use about an empty text.
  if (query.trim() === '') throw new UsageError('the query is empty')
  const files = filesAt(dataDir)
  const { views: all, symbols } = await viewsOf(files)
  const duckdb = await loadDuckDb()
  const { views, directory } = await openViews(query, files, all, options)
  // DuckDB knows no escape that makes every name a name: a backslash always parts directories.
  const { path, release } = await plainPath(directory)
  const lake: Lake = { dataDir, path, views, symbols }
  const instance = await duckdb.DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  let isOpen = true
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    connection.closeSync()
    instance.closeSync()
    release()
  }
  try {
    await prepare(connection, lake)
    const result = await start(duckdb, connection, query)
    return { columns: columnsOf(result), rows: () => rowsOf(result, lake), close }
  } catch (error) {
    close()
    throw explain(error, lake)
  }
}

/** Loads DuckDB. @throws UsageError when it is not installed. */
async function loadDuckDb(): Promise<DuckDb> {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    throw new UsageError('SQL needs DuckDB, which is not installed or not made for this machine', {
      cause,
      hint: 'Install it with `npm install @duckdb/node-api`.',
    })
  }
}

/** The name of a dataset, and whether its series store numbers in different ways. */
type View = {
  /** The dataset's, after the market where that is not spot: `um_klines`. */
  readonly name: string
  readonly market: Market
  readonly dataset: DatasetKind
  readonly isMixed: boolean
}

/** The lake as it was named, and as DuckDB gets it. */
type Lake = {
  readonly dataDir: string
  readonly path: string
  readonly views: readonly View[]
  readonly symbols: readonly LakeSymbol[]
}

/** The views that a query may be about, and where DuckDB finds their files. */
async function openViews(
  query: string,
  files: Files,
  all: readonly View[],
  options: SqlOptions,
): Promise<{ readonly views: readonly View[]; readonly directory: string }> {
  const { dataDir = DATA_DIR } = options
  if (files.tree === undefined) return { views: all, directory: dataDir }
  const text = query.toLowerCase()
  const named = all.filter(({ name }) => text.includes(name.toLowerCase()))
  // A name in pieces would be found in a view that lacks rows; a view that is not there is an error.
  const views = named.length === 0 && !text.includes(SYMBOLS_VIEW) ? all : named
  return { views, directory: await cachedFiles(files, dataDir, views, options) }
}

/** The view of the symbols, which reads no file. */
const SYMBOLS_VIEW = 'symbols'

async function viewsOf(files: Files): Promise<Pick<Lake, 'views' | 'symbols'>> {
  await checkLake(files)
  const found = new Map<string, Omit<View, 'isMixed'> & { readonly numbers: Set<string> }>()
  const symbols = new LakeSymbols()
  const keys = await listSeries(files)
  const manifests = await atOnce(ASKED_AT_ONCE, keys, (key) => readManifest(files, key))
  for (const manifest of manifests) {
    if (manifest === undefined || manifest.partitions.size === 0) continue
    symbols.take(manifest)
    const { market, dataset } = manifest.key
    const name = market === DEFAULT_MARKET ? dataset : `${market}_${dataset}`
    const view = found.get(name) ?? { name, market, dataset, numbers: new Set<string>() }
    view.numbers.add(manifest.numbers)
    found.set(name, view)
  }
  if (found.size === 0)
    throw new UsageError('the lake holds no rows', {
      hint: 'Name the right --data-dir, or run a job first.',
    })
  const views = [...found.values()]
    .map(({ numbers, ...view }) => ({ ...view, isMixed: numbers.size > 1 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return { views, symbols: symbols.all() }
}

function viewSource(path: string, { market, dataset, isMixed }: View): string {
  const { security } = datasetOf({ market, dataset })
  const account = security === 'signed' ? 'account=*/' : ''
  const glob = `${path}/${market}/${account}${dataset}/**/data.parquet`
  const options = [
    'hive_partitioning = true',
    // `456` is a symbol and `2024` a period: text, as all the others are.
    'hive_types_autocast = false',
    // Series that store numbers in different ways have no type in common until all are looked at.
    ...(isMixed ? ['union_by_name = true'] : []),
  ]
  return `read_parquet(${sqlText(glob)}, ${options.join(', ')})`
}

/** A path of which nothing is a pattern. */
function globText(path: string): string {
  return path.replace(/[*?[]/g, '[$&]')
}

/** `text` as a literal of SQL. */
function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

async function prepare(
  connection: DuckDBConnection,
  { dataDir, path, views, symbols }: Lake,
): Promise<void> {
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run("SET temp_directory = ''")
  // A path of the query's own is compared both before and after its patterns are resolved.
  const allowed = [path, dataDir, globText(dataDir)].map(sqlText).join(', ')
  await connection.run(`SET allowed_directories = [${allowed}]`)
  await connection.run('SET enable_external_access = false')
  for (const view of views)
    await connection.run(`CREATE VIEW "${view.name}" AS SELECT * FROM ${viewSource(path, view)}`)
  await connection.run(`CREATE VIEW symbols AS ${symbolsSql(symbols)}`)
  await connection.run('SET lock_configuration = true')
}

async function start(
  { StatementType }: DuckDb,
  connection: DuckDBConnection,
  query: string,
): Promise<DuckDBResult> {
  const statements = await connection.extractStatements(query)
  if (statements.count !== 1)
    throw new UsageError(`expected one query, got ${statements.count}`, {
      hint: 'Ask one thing at a time.',
    })
  // To be prepared is enough for some statements to act: EXPORT DATABASE makes its directory.
  if (!READING.test(query)) throw onlySelect()
  const statement = await statements.prepare(0)
  if (statement.statementType !== StatementType.SELECT) throw onlySelect()
  return statement.stream()
}

// Spaces, brackets and plain comments, then a word that reads. A comment that could be taken in two ways is none here.
const READING =
  /^(?:[\s(]|--[^\r\n]*\r?\n|\/\*[^*/]*\*\/)*(?:select|from|with|values|table|show|desc|describe|summarize|pivot|unpivot|pragma)\b/i

function onlySelect(): UsageError {
  return new UsageError('only SELECT is accepted: the lake is not changed by SQL')
}

function columnsOf(result: DuckDBResult): readonly SqlColumn[] {
  const types = result.columnTypes()
  return result
    .columnNames()
    .map((name, index) => ({ name, type: types[index]?.toString() ?? 'UNKNOWN' }))
}

async function* rowsOf(
  result: DuckDBResult,
  lake: Lake,
): AsyncGenerator<readonly (readonly SqlValue[])[], void, void> {
  try {
    for await (const rows of result.yieldRows()) yield rows.map((row) => row.map(sqlValue))
  } catch (error) {
    throw explain(error, lake)
  }
}

/** DuckDB's own kinds of errors that are about files; all others are about the query. */
const ABOUT_FILES = /^(IO|Internal|Out of Memory) Error/

function explain(error: unknown, { dataDir, path, views }: Lake): unknown {
  if (error instanceof UsageError || !(error instanceof Error)) return error
  const [message = ''] = error.message.replaceAll(path, () => dataDir).split('\n')
  if (ABOUT_FILES.test(message) || message.includes('.parquet'))
    return new StoreError('E_STORE_IO', quoteText(message), {
      cause: error,
      hint: 'Try again; if it stays so, run `binance-backfill verify`.',
    })
  const names = views.map(({ name }) => name).join(', ')
  return new UsageError(quoteText(message), { cause: error, hint: `The views are ${names}.` })
}
