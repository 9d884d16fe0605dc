/**
 * Our layouts against Binance's schema itself, where it is at hand: `../shared/binance-sbe/spot_3_5.xml` or the file
 * that SBE_SCHEMA_XML names. It is the published sbe/schemas/spot_3_5.xml.
 */

import { existsSync, readFileSync } from 'node:fs'
import { XMLParser } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { type SpotKind } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import * as enums from '../../src/binance/sbe-enums.ts'
import { SBE_LAYOUTS, SBE_SCHEMA, type SbeField } from '../../src/binance/sbe.ts'

const PATH = process.env['SBE_SCHEMA_XML'] ?? '../shared/binance-sbe/spot_3_5.xml'

type Node = Readonly<Record<string, unknown>>
const nodes = (value: unknown): Node[] =>
  (Array.isArray(value) ? value : [value ?? []]).flat() as Node[]

type Expected = { readonly type: string; readonly isOptional: boolean }

function schema(): {
  readonly messages: readonly Node[]
  readonly enums: readonly Node[]
  readonly root: Node
} {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    processEntities: false,
  })
  const document = parser.parse(readFileSync(PATH, 'utf8')) as Record<string, Node>
  const root = document['sbe:messageSchema'] ?? {}
  const types = nodes(root['types'])[0] ?? {}
  return { messages: nodes(root['sbe:message']), enums: nodes(types['enum']), root }
}

const TYPES: Readonly<Record<string, SbeField['type']>> = {
  exponent8: 'exponent',
  mantissa64: 'decimal64',
  mantissa128: 'decimal128',
  boolEnum: 'flag',
  uint8: 'uint8',
  int32: 'int32',
  // Not in any JSON answer, so its names are not needed.
  orderCapacity: 'uint8',
}

function typeOf(name: string, enumNames: ReadonlySet<string>): string {
  return TYPES[name] ?? (enumNames.has(name) ? 'enum' : 'int64')
}

const ENUMS: Readonly<Record<string, enums.SbeEnum>> = {
  allocationType: enums.ALLOCATION_TYPE,
  orderStatus: enums.ORDER_STATUS,
  timeInForce: enums.TIME_IN_FORCE,
  orderType: enums.ORDER_TYPE,
  orderSide: enums.ORDER_SIDE,
  floor: enums.FLOOR,
  selfTradePreventionMode: enums.SELF_TRADE_PREVENTION_MODE,
  pegPriceType: enums.PEG_PRICE_TYPE,
  pegOffsetType: enums.PEG_OFFSET_TYPE,
  expiryReason: enums.EXPIRY_REASON,
}

if (!existsSync(PATH)) {
  test('the layouts are not compared: the schema is not here', () => {
    console.warn(`NOT COMPARED with the published SBE schema: ${PATH} is not there`)
    expect(existsSync(PATH)).toBe(false)
  })
} else {
  const { messages, enums: published, root } = schema()
  const enumNames = new Set(published.map(({ name }) => String(name)))

  test('the version is the one that is asked for', () => {
    expect({ id: Number(root['id']), version: Number(root['version']) }).toEqual(SBE_SCHEMA)
  })

  test.each(Object.keys(SBE_LAYOUTS) as SpotKind[])('%s is laid out as published', (kind) => {
    const layout = SBE_LAYOUTS[kind]
    const message = messages.find(({ id }) => Number(id) === layout.templateId) ?? {}
    const [group = {}] = nodes(message['group'])
    const expected = (fields: unknown): Expected[] =>
      nodes(fields).map((field) => ({
        type: typeOf(String(field['type']), enumNames),
        isOptional: field['presence'] === 'optional',
      }))
    const actual = (fields: readonly SbeField[]): Expected[] =>
      fields.map(({ type, isOptional }) => ({ type, isOptional }))
    expect(actual(layout.root.fields)).toEqual(expected(message['field']))
    expect(actual(layout.row.fields)).toEqual(expected(group['field']))
    expect(layout.texts).toEqual(nodes(group['data']).map(({ name }) => name))
    for (const [index, field] of nodes(group['field']).entries()) {
      const own = layout.row.fields[index]!
      const scale = ((field['mbx:exponent'] ?? '') as string).replace('Exponent', '')
      expect(own.scale).toBe({ '': undefined, qty: 'quantity' }[scale] ?? (scale || undefined))
      if (own.type === 'enum') expect(own.values).toBe(ENUMS[String(field['type'])])
      const name = field['mbx:jsonPath'] === '[]' ? index : (field['mbx:jsonPath'] ?? field['name'])
      if (own.type !== 'exponent') expect(own.json).toBe(name)
      const whenNull = field['mbx:jsonDefaultValue']
      const isStored = DATASETS[kind].columns.some(({ json }) => json === own.json)
      if (whenNull !== undefined && isStored && own.json !== 'workingTime')
        expect(String(own.whenNull)).toBe(whenNull)
    }
  })

  test.each(Object.keys(ENUMS))('the names of %s are as published', (name) => {
    const values = nodes(published.find((one) => one['name'] === name)?.['validValue'])
    const codes = values
      .map((value) => [Number(value['#text']), value['mbx:jsonValue']] as const)
      .filter(([code]) => code !== enums.NON_REPRESENTABLE)
    expect(ENUMS[name]).toEqual(Object.fromEntries(codes))
  })
}
