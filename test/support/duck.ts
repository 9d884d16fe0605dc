/** DuckDB as the foreign reader: values come out as texts, so that nothing is rounded on the way to a comparison. */

import { DuckDBInstance } from '@duckdb/node-api'

/** Runs one query on a fresh in-memory database; every value as DuckDB prints it. */
export async function query(sql: string): Promise<Record<string, string | null>[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const reader = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM (${sql})`)
    return reader.getRowObjects() as Record<string, string | null>[]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Runs one statement that has no answer, such as COPY. */
export async function command(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** A source for {@link query}: all files of a series. */
export function parquet(dataDir: string, path: string): string {
  return `read_parquet('${dataDir}/${path}/*/data.parquet', hive_partitioning = false)`
}
