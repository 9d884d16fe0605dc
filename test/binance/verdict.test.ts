/** Every row of Binance's return codes, and every form in which a deadline comes. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpAnswer } from '../../src/base/ports.ts'
import { judge, retryAfterMs, type Verdict } from '../../src/binance/verdict.ts'

const NOW_MS = Date.UTC(2026, 10, 20, 12)

function answer(status: number, body = '', headers: Record<string, string> = {}): HttpAnswer {
  return { status, header: (name) => headers[name], body: new TextEncoder().encode(body) }
}

const error = (code: number, msg = 'words'): string => JSON.stringify({ code, msg })
const html = '<html><head><title>ERROR: The request could not be satisfied</title></head></html>'

function verdict(status: number, body?: string, headers?: Record<string, string>): Verdict {
  return judge(answer(status, body, headers), NOW_MS)
}

describe('rest-api.md, HTTP Return Codes and errors.md, 10xx', () => {
  it.each<[name: string, status: number, body: string, expected: Partial<Verdict>]>([
    ['a page', 200, '[]', { kind: 'accept' }],
    ['429', 429, error(-1003), { kind: 'wait' }],
    ['429 without a body', 429, '', { kind: 'wait' }],
    ['418', 418, error(-1003), { kind: 'ban' }],
    ['418 of a proxy', 418, html, { kind: 'ban' }],
    ['403 of the firewall', 403, html, { kind: 'block' }],
    ['403 without a body', 403, '', { kind: 'block' }],
    ['403 in JSON that is not Binance’s', 403, '{"message":"Forbidden"}', { kind: 'block' }],
    ['403 in Binance’s words', 403, error(-2015), { kind: 'reject', exchangeCode: -2015 }],
    ['451', 451, error(0, 'Service unavailable from a restricted location'), { kind: 'region' }],
    ['500', 500, html, { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['502', 502, html, { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['503', 503, html, { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['504', 504, html, { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['-1000', 500, error(-1000), { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['-1001', 400, error(-1001), { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['-1003, queue full', 503, error(-1003), { kind: 'retry', isSmaller: false }],
    ['-1006', 400, error(-1006), { kind: 'retry', atLeastMs: 0, isSmaller: false }],
    ['-1007', 408, error(-1007), { kind: 'retry', isSmaller: true }],
    ['-1007 as 504', 504, error(-1007), { kind: 'retry', isSmaller: true }],
    ['-1008', 503, error(-1008), { kind: 'retry', atLeastMs: 30_000, isSmaller: false }],
    ['-1100', 400, error(-1100), { kind: 'reject', exchangeCode: -1100 }],
    ['-1120', 400, error(-1120), { kind: 'reject', hint: 'Check the interval.' }],
    ['-1121', 400, error(-1121), { kind: 'reject', exchangeCode: -1121 }],
    ['-1127', 400, error(-1127), { kind: 'reject', exchangeCode: -1127 }],
    ['-1128', 400, error(-1128), { kind: 'reject', exchangeCode: -1128 }],
    ['an unknown code', 400, error(-9999), { kind: 'reject', exchangeCode: -9999 }],
    ['400 without words', 400, '', { kind: 'reject', exchangeCode: undefined }],
    ['401', 401, error(-2014), { kind: 'reject', exchangeCode: -2014 }],
    ['404', 404, html, { kind: 'reject', hint: 'The endpoint was retired or moved.' }],
    ['409', 409, error(-2021), { kind: 'reject', exchangeCode: -2021 }],
    ['a redirect', 302, '', { kind: 'reject' }],
    ['no content', 204, '', { kind: 'reject' }],
    ['a code that is a text', 400, '{"code":"-1000","msg":1}', { kind: 'reject' }],
    ['null', 400, 'null', { kind: 'reject', exchangeCode: undefined }],
  ])('%s', (_, status, body, expected) => {
    expect(verdict(status, body)).toMatchObject(expected)
  })

  it('every status and body has a verdict, and no reason holds what could forge a line', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant('\u001b[2J\u202e\n\u0000')),
        (status, body) => {
          const { kind, ...rest } = verdict(status, body)
          expect(['accept', 'retry', 'wait', 'ban', 'block', 'region', 'reject']).toContain(kind)
          const reason = 'reason' in rest ? rest.reason : ''
          expect(reason).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufeff]/)
          expect(reason.length).toBeLessThan(4_000)
        },
      ),
    )
  })

  it('a page of megabytes as an error costs no more than its head', () => {
    const { reason } = verdict(500, 'x'.repeat(4 << 20)) as { reason: string }
    expect(reason).toBe(`HTTP 500: ${'x'.repeat(300)}...`)
  })
})

describe('how long to keep away', () => {
  const waitOf = (status: 418 | 429, body: string, headers: Record<string, string>): number =>
    (verdict(status, body, headers) as { ms: number }).ms
  const until = (ms: number): string =>
    error(-1003, `Way too much request weight used; IP banned until ${NOW_MS + ms}. Use streams.`)

  it.each<[name: string, status: 418 | 429, body: string, header: string | undefined, ms: number]>([
    ['seconds', 429, error(-1003), '30', 30_000],
    ['three days', 418, error(-1003), '259200', 259_200_000],
    ['more than 2^31 ms', 418, error(-1003), '4000000', 4_000_000_000],
    ['zero', 429, error(-1003), '0', 1_000],
    ['a date', 429, error(-1003), new Date(NOW_MS + 45_000).toUTCString(), 45_000],
    ['a date that is past', 429, error(-1003), new Date(NOW_MS - 45_000).toUTCString(), 1_000],
    ['missing at 429', 429, error(-1003), undefined, 60_000],
    ['missing at 418', 418, error(-1003), undefined, 120_000],
    ['garbage at 429', 429, error(-1003), 'soon', 60_000],
    ['negative', 429, error(-1003), '-5', 60_000],
    ['in scientific notation', 429, error(-1003), '1e9', 60_000],
    ['empty', 418, error(-1003), '', 120_000],
    ['the words alone', 418, until(600_000), undefined, 600_000],
    ['the words say longer', 418, until(600_000), '120', 600_000],
    ['the header says longer', 418, until(60_000), '120', 120_000],
    ['the words are past', 418, until(-5_000), undefined, 120_000],
  ])('%s', (_, status, body, header, ms) => {
    expect(waitOf(status, body, header === undefined ? {} : { 'retry-after': header })).toBe(ms)
  })

  it('whatever the header says, the wait is a number of at least a second', () => {
    const forms = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.constantFrom('NaN', 'Infinity', '-0', '00', ' 5 ', '9'.repeat(12), 'Wed, ??', 'null'),
    )
    fc.assert(
      fc.property(forms, (header) => {
        const ms = retryAfterMs(header, NOW_MS) ?? 1_000
        expect(Number.isFinite(ms) && ms >= 1_000).toBe(true)
        const { ms: waited } = verdict(429, '', { 'retry-after': header }) as { ms: number }
        expect(waited).toBeGreaterThanOrEqual(1_000)
      }),
    )
  })
})
