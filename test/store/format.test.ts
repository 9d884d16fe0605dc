/** docs/FORMAT.md says what the program writes: columns, footer keys, manifest keys, proofs, reasons, versions. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SPOT_KINDS, type Dataset, type DatasetKind } from '../../src/binance/dataset.ts'
import { DATASETS, datasetOf, kindsOf } from '../../src/binance/market.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { FORMAT_VERSION, REASONS } from '../../src/store/manifest.ts'
import { readFooter } from '../../src/store/parquet/read.ts'
import { sharedLake } from '../support/shared-lake.ts'

const PATH = new URL('../../docs/FORMAT.md', import.meta.url)
const TYPES = ['time', 'end', 'id', 'count', 'price', 'quantity', 'flag', 'text', 'extra']

const lake = sharedLake(`
version: 1
symbols: [BTCUSDT]
from: 2026-11-04
to: 2026-11-04T01:00:00Z
datasets:
  - kind: klines
    intervals: [1m]
  - kind: aggTrades
`)

function tableOf({ kind, columns, key, time }: Dataset, of = ''): string {
  const rows = columns.map(({ name, type, nullable, json }) => {
    const marks = `${name === key ? '\\*' : ''}${name === time ? '†' : ''}${nullable === true ? '?' : ''}`
    const from = type === 'extra' ? 'all others' : `\`${json}\``
    return `| \`${name}\`${marks === '' ? '' : ` ${marks}`} | \`${type}\` | ${from} |`
  })
  return [`### ${of}${kind}`, '', '| column | type | of |', '|---|---|---|', ...rows].join('\n')
}

/** The part of the document that is made from the datasets. */
const MADE = `<!-- columns -->\n\n${[
  ...SPOT_KINDS.map((kind) => tableOf(DATASETS[kind])),
  ...kindsOf('um').flatMap((kind) => tablesOf(kind as DatasetKind)),
].join('\n\n')}\n\n<!-- /columns -->`

/** One table where the columns of both futures markets are the same. */
function tablesOf(kind: DatasetKind): string[] {
  const [um, cm] = (['um', 'cm'] as const).map((market) => datasetOf({ market, dataset: kind }))
  if (tableOf(um!) === tableOf(cm!)) return [tableOf(um!, 'um, cm: ')]
  return [tableOf(um!, 'um: '), tableOf(cm!, 'cm: ')]
}

/** The document with its tables as narrow as they can be: how wide they are is a matter of taste. */
async function text(): Promise<string> {
  const wide = await readFile(PATH, 'utf8')
  return wide
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll('| --- ', '|---')
    .replaceAll('--- |', '---|')
}

/** The names in the first column of the table under a heading. */
async function namesUnder(heading: string): Promise<string[]> {
  const [, section = ''] = (await text()).split(`\n${heading}\n`)
  const [own = ''] = section.split(/\n##/)
  const cells = own.split('\n').flatMap((line) => /^\| (`.*?`) \|/.exec(line)?.[1] ?? [])
  return cells.flatMap((cell) => cell.split(', ').map((name) => name.replaceAll('`', '')))
}

test('the columns are those of the datasets', async () => {
  expect(await text()).toContain(MADE)
})

test('every type of column is explained, and no other', async () => {
  expect((await namesUnder('## Columns')).slice(0, TYPES.length)).toEqual(TYPES)
  const used = new Set(SPOT_KINDS.flatMap((kind) => DATASETS[kind].columns.map(({ type }) => type)))
  expect([...used].sort()).toEqual([...TYPES].sort())
})

/** What is written only where there is any, and this lake has none. */
const WHERE_ANY = [
  'account',
  'contract',
  'doubts',
  'id_breaks_at_edges',
  'ids_left_out_at_start',
  '..._end',
]

describe('what is written', () => {
  const SERIES = {
    klines: 'spot/klines/interval=1m/symbol=BTCUSDT',
    aggTrades: 'spot/aggTrades/symbol=BTCUSDT',
  }

  async function footerOf(path: string): Promise<ReadonlyMap<string, string>> {
    const file = await nodeFiles(lake.dataDir).open(path)
    try {
      return (await readFooter(file!)).metadata
    } finally {
      await file!.close()
    }
  }

  test('the keys of the footer, and its version', async () => {
    const metadata = await footerOf(`${SERIES.klines}/period=2026-11/data.parquet`)
    const documented = (await namesUnder('## The footer')).filter(
      (name) => name !== 'account' && name !== 'contract',
    )
    expect([...metadata.keys()].sort()).toEqual([...documented].sort())
    expect(metadata.get('schema_version')).toBe(String(FORMAT_VERSION))
  })

  test('the keys of the manifest, in order', async () => {
    const manifest = JSON.parse(
      await readFile(join(lake.dataDir, SERIES.klines, '_series.json'), 'utf8'),
    ) as Record<string, unknown>
    const documented = (await namesUnder('## The manifest')).filter(
      (name) => !WHERE_ANY.includes(name),
    )
    expect(Object.keys(manifest)).toEqual(documented)
    expect(manifest['format']).toBe(FORMAT_VERSION)
  })

  test('the proofs', async () => {
    const klines = await footerOf(`${SERIES.klines}/period=2026-11/data.parquet`)
    const trades = await footerOf(`${SERIES.aggTrades}/period=2026-11-04/data.parquet`)
    const written = [klines, trades].flatMap((metadata) =>
      Object.keys(JSON.parse(metadata.get('proof') ?? '{}') as object),
    )
    const documented = (await namesUnder('### Proof')).filter((name) => !WHERE_ANY.includes(name))
    expect(documented.sort()).toEqual(written.sort())
  })

  test('the mark of the lake', async () => {
    const mark = await readFile(join(lake.dataDir, '_lake.json'), 'utf8')
    expect(await text()).toContain(mark.trim())
  })
})

test('the reasons of gaps', async () => {
  expect((await namesUnder('### Reasons of gaps')).sort()).toEqual([...REASONS].sort())
})
