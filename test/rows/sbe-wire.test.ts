import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { RejectedError } from '../../src/base/errors.ts'
import type { HttpAnswer } from '../../src/base/ports.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { readSbeError, sbeOutcome, SbeUnknownError } from '../../src/binance/sbe-answer.ts'
import { SBE_HEADERS } from '../../src/binance/sbe.ts'
import { judge } from '../../src/binance/verdict.ts'
import { WireFormat } from '../../src/pull/wire.ts'
import { decodeSbe } from '../../src/rows/sbe.ts'
import { decodePage } from '../../src/rows/scan.ts'
import type { Exchange, ExchangeOptions } from '../../src/simulator/index.ts'
import { exchangeWith, NOW } from '../support/simulator.ts'
import { valuesOf } from '../support/sbe-pages.ts'

const TARGET = { path: '/api/v3/aggTrades', query: 'symbol=BTCUSDT&fromId=5&limit=3', ip: '::1' }
const ONLY_SBE = { ...SBE_HEADERS, accept: 'application/sbe' }

function send(exchange: Exchange, headers: Readonly<Record<string, string>>): HttpAnswer {
  const all = { 'x-mbx-time-unit': 'MICROSECOND', ...headers }
  const { status, headers: answered, body } = exchange.handle({ ...TARGET, headers: all }, NOW)
  return { status, header: (name) => answered[name], body }
}

const speaking = (sbe: ExchangeOptions['sbe']): Exchange =>
  exchangeWith({}, sbe === undefined ? {} : { sbe })
const formatOf = (answer: HttpAnswer): string => {
  const type = answer.header('content-type') ?? ''
  return `${answer.status} ${type.split(';')[0] ?? ''}`
}

describe('the stand-in speaks SBE as documented', () => {
  const both = SBE_HEADERS
  const json = '200 application/json'
  const sbe = '200 application/sbe'

  test.each<[string, ExchangeOptions['sbe'], Readonly<Record<string, string>>, string]>([
    ['when asked', undefined, both, sbe],
    ['when asked for nothing else', undefined, ONLY_SBE, sbe],
    ['not when it was not asked', undefined, { 'x-mbx-sbe': '3:5' }, json],
    ['not when it is off', 'off', both, json],
    ['not at all when it is off', 'off', ONLY_SBE, '406 application/json'],
    ['not without a version', undefined, { accept: both['accept']! }, json],
    [
      'but an error without a version',
      undefined,
      { accept: 'application/sbe' },
      '400 application/sbe',
    ],
    ['not with a wrong version', undefined, { ...both, 'x-mbx-sbe': '9:9' }, json],
    [
      'but an error with a wrong one',
      undefined,
      { ...ONLY_SBE, 'x-mbx-sbe': 'x' },
      '400 application/sbe',
    ],
    ['in the newest when deprecated', { deprecated: ['3:5'], live: '3:6' }, both, sbe],
    ['not when retired', { retired: ['3:5'], live: '4:0' }, both, '400 application/json'],
  ])('%s', (_, options, headers, expected) => {
    expect(formatOf(send(speaking(options), headers))).toBe(expected)
  })

  test('errors too', () => {
    const exchange = exchangeWith()
    const request = { ...TARGET, query: 'symbol=NOPE', headers: SBE_HEADERS }
    const { status, body } = exchange.handle(request, NOW)
    expect(status).toBe(400)
    expect(readSbeError(body)).toEqual({ code: -1121, msg: 'Invalid symbol.' })
  })

  test('and refusals of limits, which are judged as in JSON', () => {
    const rule = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1 } as const
    const limited = (): Exchange => exchangeWith({}, { limits: { rules: [{ ...rule, limit: 1 }] } })
    const [inSbe, inJson] = [SBE_HEADERS, {}].map((headers) => send(limited(), headers))
    expect(formatOf(inSbe!)).toBe('429 application/sbe')
    expect(judge(inSbe!, 0)).toEqual(judge(inJson!, 0))
    expect(judge(inSbe!, 0)).toMatchObject({ kind: 'wait' })
  })

  test('compressed where that is welcome, and apart from JSON in what it remembers', () => {
    const exchange = exchangeWith()
    const gzip = { ...SBE_HEADERS, 'accept-encoding': 'gzip' }
    const plain = [send(exchange, {}), send(exchange, SBE_HEADERS), send(exchange, {})]
    expect(plain.map(formatOf)).toEqual([json, sbe, json])
    const zipped = send(exchange, gzip)
    expect(zipped.header('content-encoding')).toBe('gzip')
    expect(gunzipSync(zipped.body)).toEqual(Buffer.from(plain[1]!.body))
  })

  test('a newer version with more fields decodes to the same rows', () => {
    const headers = { ...SBE_HEADERS }
    const dataset = DATASETS.aggTrades
    const old = decodeSbe(dataset, 'decimal', send(speaking(undefined), headers).body)
    const options = { deprecated: ['3:5'], live: '3:9', extraBytes: 5 }
    const newer = decodeSbe(dataset, 'decimal', send(speaking(options), headers).body)
    expect(newer.rowCount).toBe(3)
    expect(valuesOf('aggTrades', newer)).toEqual(valuesOf('aggTrades', old))
  })
})

describe('what an answer is', () => {
  const answer = (headers: Record<string, string>, body: Uint8Array): HttpAnswer => ({
    status: 200,
    header: (name) => headers[name],
    body,
  })
  const binary = send(exchangeWith(), SBE_HEADERS).body
  const text = Buffer.from('[{"a":1}]')

  test.each<[string, Record<string, string>, Uint8Array, 'sbe' | 'json']>([
    ['SBE by its type', { 'content-type': 'application/sbe' }, binary, 'sbe'],
    ['JSON by its type', { 'content-type': 'application/json;charset=UTF-8' }, text, 'json'],
    ['SBE by its bytes', {}, binary, 'sbe'],
    [
      'SBE by its bytes in a plain type',
      { 'content-type': 'application/octet-stream' },
      binary,
      'sbe',
    ],
    ['JSON by its bytes', {}, text, 'json'],
    ['nothing is JSON', {}, new Uint8Array(0), 'json'],
  ])('%s', (_, headers, body, format) => {
    expect(sbeOutcome(answer(headers, body))).toEqual({ format, isDeprecated: false })
  })

  test('deprecated by its header, whatever that says', () => {
    const headers = { 'x-mbx-sbe-deprecated': '' }
    expect(sbeOutcome(answer(headers, binary)).isDeprecated).toBe(true)
  })
})

describe('the wire', () => {
  const readers = {
    json: (body: Uint8Array) => ({ format: 'json', page: page('json', body) }),
    sbe: (body: Uint8Array) => ({ format: 'sbe', page: page('sbe', body) }),
  }

  function page(format: 'json' | 'sbe', body: Uint8Array) {
    const dataset = DATASETS.aggTrades
    const decoded =
      format === 'json'
        ? decodePage(dataset, 'string', body, 'us')
        : decodeSbe(dataset, 'string', body)
    return valuesOf('aggTrades', decoded)
  }

  function wireTo(exchange: Exchange, format: 'json' | 'sbe' = 'sbe') {
    const warnings: string[] = []
    const wire = new WireFormat(format, (message) => warnings.push(message))
    const ask = () => {
      const answer = send(exchange, wire.headers())
      const verdict = judge(answer, 0)
      if (verdict.kind === 'accept') return wire.read(answer, readers)
      if (verdict.kind !== 'reject') throw new Error(verdict.kind)
      throw new RejectedError(verdict.reason, { status: answer.status, ...verdict })
    }
    return { wire, warnings, ask }
  }

  test('JSON is asked for plainly', () => {
    const { wire, warnings, ask } = wireTo(exchangeWith(), 'json')
    expect(ask().format).toBe('json')
    expect(wire.headers()).toEqual({})
    expect(warnings).toEqual([])
  })

  test('SBE gives the same rows, without a word', () => {
    const { warnings, ask } = wireTo(exchangeWith())
    expect(ask()).toEqual({ format: 'sbe', page: wireTo(exchangeWith(), 'json').ask().page })
    expect(warnings).toEqual([])
  })

  test('deprecation is said once, with what to do', () => {
    const { warnings, ask } = wireTo(speaking({ deprecated: ['3:5'], live: '3:6' }))
    expect([ask().format, ask().format]).toEqual(['sbe', 'sbe'])
    expect(warnings).toEqual([expect.stringMatching(/3:5 is deprecated.*update/)])
  })

  test('an exchange that answers in JSON is read as JSON, said once', () => {
    const { warnings, ask } = wireTo(speaking('off'))
    expect([ask().format, ask().format]).toEqual(['json', 'json'])
    expect(warnings).toEqual([expect.stringMatching(/got JSON/)])
  })

  test('a retired schema falls back to JSON, said once', () => {
    const { wire, warnings, ask } = wireTo(speaking({ retired: ['3:5'], live: '4:0' }))
    let refusal: unknown
    try {
      ask()
    } catch (error) {
      refusal = error
    }
    expect(wire.isRefused(refusal, 'sbe')).toBe(true)
    expect(wire.format).toBe('json')
    expect([ask().format, ask().format]).toEqual(['json', 'json'])
    // Sent as SBE too, before the other one was answered.
    expect(wire.isRefused(refusal, 'sbe')).toBe(true)
    expect(warnings).toEqual([expect.stringMatching(/continuing with JSON.*-1153/)])
    // What is refused in JSON has another reason.
    expect(wire.isRefused(refusal, 'json')).toBe(false)
  })

  test('406 is a refusal of SBE, other refusals are not', () => {
    const { wire } = wireTo(exchangeWith())
    const unknown = new RejectedError('no', { status: 400, exchangeCode: -1121 })
    expect(wire.isRefused(unknown, 'sbe')).toBe(false)
    expect(wire.isRefused(new Error('no'), 'sbe')).toBe(false)
    expect(wire.isRefused(new RejectedError('no', { status: 406 }), 'sbe')).toBe(true)
  })

  test('a message that cannot be read falls back to JSON: the next try gets it', () => {
    const { warnings, ask } = wireTo(speaking({ deprecated: ['3:5'], live: '4:0' }))
    expect(ask).toThrow(SbeUnknownError)
    expect(ask().format).toBe('json')
    expect(warnings.at(-1)).toMatch(/continuing with JSON.*schema 4/)
  })
})
