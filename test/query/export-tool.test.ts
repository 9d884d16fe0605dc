/** The forms for backtesters are those that the programs document, and hold the rows of the lake. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { exportSeries, readTable, writeExport, type Tool } from '../../src/index.ts'
import { command } from '../support/command.ts'
import { query } from '../support/duck.ts'
import { tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'

const lake = sharedLake(`
version: 1
from: 2026-06-01
to: 2026-06-04
datasets:
  - { kind: klines, symbols: [BTCUSDT], intervals: [1h] }
  - { kind: klines, symbols: [ETHUSDT], intervals: [1h], numbers: decimal }
  - { kind: aggTrades, symbols: [BTCUSDT], to: 2026-06-02 }
`)

async function bytesOf(series: string, tool: Tool, resample?: string): Promise<Buffer> {
  const { pieces } = await exportSeries(series, {
    ...{ dataDir: lake.dataDir, for: tool },
    ...(resample === undefined ? {} : { resample }),
  })
  const all: Uint8Array[] = []
  for await (const piece of pieces()) all.push(piece)
  return Buffer.concat(all)
}

/** Time in milliseconds, open, high, low, close and volume of the lake. */
async function truth(symbol: string): Promise<readonly (readonly number[])[]> {
  const path = `${lake.dataDir}/spot/klines/interval=1h/symbol=${symbol}/**/*.parquet`
  const rows = await query(
    `SELECT epoch_ms(open_time) AS t, open::DOUBLE AS o, high::DOUBLE AS h, low::DOUBLE AS l, close::DOUBLE AS c, volume::DOUBLE AS v
      FROM read_parquet('${path}') ORDER BY open_time`,
  )
  expect(rows).toHaveLength(72)
  return rows.map((row) => Object.values(row).map(Number))
}

describe.each(['BTCUSDT', 'ETHUSDT'])('klines of %s', (symbol) => {
  const series = `klines/${symbol}/1h`

  test('freqtrade: Feather with date in milliseconds and five doubles', async () => {
    const table = tableFromIPC(await bytesOf(series, 'freqtrade'))
    expect(table.schema.fields.map(({ name, type }) => `${name} ${String(type)}`)).toEqual([
      'date Timestamp<MILLISECOND, UTC>',
      ...['open', 'high', 'low', 'close', 'volume'].map((name) => `${name} Float64`),
    ])
    const columns = table.schema.names.map((name) => [...table.getChild(name)!].map(Number))
    const rows = columns[0]!.map((_, row) => columns.map((values) => values[row]!))
    expect(rows).toEqual(await truth(symbol))
  })

  test('vectorbt: Parquet with a time with its zone and five doubles', async () => {
    const out = join(await tempDir(), 'rows.parquet')
    const rows = await exportSeries(series, { dataDir: lake.dataDir, for: 'vectorbt' })
    await writeExport(out, rows)
    const types = await query(`DESCRIBE SELECT * FROM read_parquet('${out}')`)
    expect(types.map((one) => `${one['column_name']} ${one['column_type']}`)).toEqual([
      'Date TIMESTAMP WITH TIME ZONE',
      ...['Open', 'High', 'Low', 'Close', 'Volume'].map((name) => `${name} DOUBLE`),
    ])
    const read = await query(`SELECT epoch_ms(Date) AS t, * EXCLUDE (Date) FROM '${out}'`)
    expect(read.map((row) => Object.values(row).map(Number))).toEqual(await truth(symbol))
  })

  test('backtrader: what GenericCSVData takes when it is told nothing', async () => {
    const [head, ...lines] = (await bytesOf(series, 'backtrader')).toString().trimEnd().split('\n')
    // By their places: datetime 0, open 1, high 2, low 3, close 4, volume 5, openinterest 6; a head is skipped.
    expect(head).toBe('datetime,open,high,low,close,volume,openinterest')
    expect(lines[0]).toMatch(/^2026-06-01 00:00:00,[\d.]+,[\d.]+,[\d.]+,[\d.]+,[\d.]+,0$/)
    expect(lines.map(numbers(1))).toEqual(await truth(symbol))
  })

  test('zipline: what its bundle csvdir reads', async () => {
    await expect(bytesOf(series, 'zipline')).rejects.toThrow('zipline takes no bars of 1h')
    const daily = (await bytesOf(series, 'zipline', '1d')).toString().trimEnd().split('\n')
    expect(daily[0]).toBe('date,open,high,low,close,volume,dividend,split')
    expect(daily.slice(1).map((line) => line.replace(/,.*,/, ' '))).toEqual([
      '2026-06-01 00:00:00 1.0',
      '2026-06-02 00:00:00 1.0',
      '2026-06-03 00:00:00 1.0',
    ])
    const rows = await truth(symbol)
    const [, open, high] = numbers(2)(daily[1]!)
    expect([open, high]).toEqual([
      rows[0]![1],
      Math.max(...rows.slice(0, 24).map((row) => row[2]!)),
    ])
  })
})

/** A line of CSV as numbers, but for its last columns. */
function numbers(constants: number): (line: string) => readonly number[] {
  return (line) => {
    const [time = '', ...values] = line.split(',').slice(0, -constants)
    return [Date.parse(`${time.replace(' ', 'T')}Z`), ...values.map(Number)]
  }
}

test('bars of trades fit too, where the program has such bars', async () => {
  const [head, first] = (await bytesOf('aggTrades/BTCUSDT', 'backtrader', '50tick'))
    .toString()
    .split('\n')
  const bars = await readTable({
    ...{ dataDir: lake.dataDir, dataset: 'aggTrades', symbol: 'BTCUSDT', resample: '50tick' },
  })
  expect(head).toMatch(/^datetime,open/)
  expect(Number(first!.split(',')[1])).toBe(bars.getChild('open')!.get(0))
  await expect(bytesOf('aggTrades/BTCUSDT', 'freqtrade', '50tick')).rejects.toThrow(
    'freqtrade takes no bars of 50tick',
  )
})

test('trades as they are fit no program', async () => {
  await expect(bytesOf('aggTrades/BTCUSDT', 'vectorbt')).rejects.toThrow(
    'vectorbt takes klines with volumes, and aggTrades are none',
  )
})

test('the command says how many rows are partial, and takes no format beside', async () => {
  const argv = ['export', 'klines/BTCUSDT/1h', '--data-dir', lake.dataDir]
  const week = await command([...argv, '--resample', '1w', '--for', 'backtrader'])
  expect({ exit: week.exit, rows: week.stdout.split('\n').length }).toEqual({ exit: 0, rows: 3 })
  expect(week.stderr).toMatch(/1 row made of a part of the time/)
  const both = await command([...argv, '--for', 'backtrader', '--format', 'csv'])
  expect(both).toMatchObject({
    exit: 2,
    stderr: expect.stringMatching(/exclude each other/) as string,
  })
  const terminal = await command([...argv, '--for', 'freqtrade'], { isTerminal: true })
  expect(terminal.stderr).toMatch(/Arrow is not for a terminal/)
  const out = join(await tempDir(), 'bars.csv')
  const ending = await command([...argv, '--for', 'vectorbt', '--out', out])
  expect(ending).toMatchObject({
    exit: 2,
    stderr: expect.stringMatching(
      /vectorbt loads Parquet, and --out names a file of CSV/,
    ) as string,
  })
  expect(existsSync(out)).toBe(false)
})
