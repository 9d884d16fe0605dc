/**
 * Pages as SBE messages, written field by field from the schema; not from the layouts that the program reads with,
 * which would repeat their mistakes.
 *
 * @see binance-spot-api-docs, sbe/schemas/spot_3_5.xml.
 */

import type { AggTrade, Kline, Trade } from './rows.ts'

/** The schema of a message. */
export type SbeSchema = {
  readonly id: number
  readonly version: number
  /** Bytes that a later version has added to every block. */
  readonly extraBytes: number
}

const encoder = new TextEncoder()
const SCALE = 8

/** Bytes being written, little-endian. */
export class SbeWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #at = 0
  readonly #schema: SbeSchema

  constructor(schema: SbeSchema) {
    this.#schema = schema
  }

  /** A message header and its root block, written by `write`. */
  root(templateId: number, write: () => void): void {
    const header = this.#at
    this.u16(0).u16(templateId).u16(this.#schema.id).u16(this.#schema.version)
    this.#view.setUint16(header, this.#block(write), true)
  }

  /** A group of rows; `write` writes the block of a row, `texts` what follows it. */
  group<Row>(rows: readonly Row[], write: (row: Row) => void, texts?: (row: Row) => void): void {
    const header = this.#at
    this.u16(0).u32(rows.length)
    // A group without rows states its block's length too; any value will do.
    let length = this.#schema.extraBytes + 255
    for (const row of rows) {
      length = this.#block(() => {
        write(row)
      })
      texts?.(row)
    }
    this.#view.setUint16(header, length, true)
  }

  #block(write: () => void): number {
    const from = this.#at
    write()
    for (let extra = 0; extra < this.#schema.extraBytes; extra++) this.u8(0xa5)
    return this.#at - from
  }

  u8(value: number): this {
    this.#room(1)
    this.#view.setUint8(this.#at++, value)
    return this
  }

  i8(value: number): this {
    return this.u8(value & 0xff)
  }

  flag(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  u16(value: number): this {
    this.#room(2)
    this.#view.setUint16(this.#at, value, true)
    this.#at += 2
    return this
  }

  u32(value: number): this {
    this.#room(4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
    return this
  }

  i64(value: bigint): this {
    this.#room(8)
    this.#view.setBigInt64(this.#at, value, true)
    this.#at += 8
    return this
  }

  i128(value: bigint): this {
    return this.i64(BigInt.asIntN(64, value)).i64(value >> 64n)
  }

  text8(text: string): this {
    const bytes = encoder.encode(text)
    return this.u8(bytes.length).raw(bytes)
  }

  text16(text: string): this {
    const bytes = encoder.encode(text)
    return this.u16(bytes.length).raw(bytes)
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(2 * (this.#at + bytes))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** The largest exponent, at most 0, for which all of these decimal texts have whole mantissas. */
export function exponentOf(texts: readonly string[]): number {
  let decimals = 0
  for (const text of texts) {
    const fraction = text.split('.')[1]?.replace(/0+$/, '') ?? ''
    decimals = Math.max(decimals, fraction.length)
  }
  return -decimals
}

/** The mantissa of a decimal text. */
export function mantissaOf(text: string, exponent: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  const digits = BigInt(whole + fraction.padEnd(SCALE, '0'))
  return digits / 10n ** BigInt(Math.max(fraction.length, SCALE) + exponent)
}

/** KlinesResponse. */
export function klinesSbe(rows: readonly Kline[], schema: SbeSchema): Uint8Array {
  const out = new SbeWriter(schema)
  const price = exponentOf(
    rows.flatMap((row) => [
      row.open,
      row.high,
      row.low,
      row.close,
      row.quoteVolume,
      row.takerQuoteVolume,
    ]),
  )
  const quantity = exponentOf(rows.flatMap((row) => [row.volume, row.takerVolume]))
  out.root(203, () => out.i8(price).i8(quantity))
  out.group(rows, (row) => {
    out.i64(row.openTime)
    for (const text of [row.open, row.high, row.low, row.close]) out.i64(mantissaOf(text, price))
    out.i128(mantissaOf(row.volume, quantity)).i64(row.closeTime)
    out.i128(mantissaOf(row.quoteVolume, price)).i64(BigInt(row.tradeCount))
    out.i128(mantissaOf(row.takerVolume, quantity))
    out.i128(mantissaOf(row.takerQuoteVolume, price))
  })
  return out.done()
}

/** AggTradesResponse. */
export function aggTradesSbe(rows: readonly AggTrade[], schema: SbeSchema): Uint8Array {
  const out = new SbeWriter(schema)
  const price = exponentOf(rows.map((row) => row.price))
  const quantity = exponentOf(rows.map((row) => row.quantity))
  out.root(202, () => out.i8(price).i8(quantity))
  out.group(rows, (row) => {
    out.i64(row.id).i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity))
    out.i64(row.firstTradeId).i64(row.lastTradeId).i64(row.time)
    out.flag(row.isBuyerMaker).flag(row.isBestMatch)
  })
  return out.done()
}

/** TradesResponse, or BlockTradesResponse for trades without a best match. */
export function tradesSbe(rows: readonly Trade[], schema: SbeSchema, isBlock: boolean): Uint8Array {
  const out = new SbeWriter(schema)
  const price = exponentOf(rows.flatMap((row) => [row.price, row.quoteQuantity]))
  const quantity = exponentOf(rows.map((row) => row.quantity))
  out.root(isBlock ? 219 : 201, () => out.i8(price).i8(quantity))
  out.group(rows, (row) => {
    out.i64(row.id).i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity))
    out.i64(mantissaOf(row.quoteQuantity, price)).i64(row.time).flag(row.isBuyerMaker)
    if (!isBlock) out.flag(row.isBestMatch ?? false)
  })
  return out.done()
}

const INT64_NULL = -(2n ** 63n)

/** ErrorResponse. */
export function errorSbe(code: number, message: string, schema: SbeSchema): Uint8Array {
  const out = new SbeWriter(schema)
  out.root(100, () =>
    out
      .u16(code & 0xffff)
      .i64(INT64_NULL)
      .i64(INT64_NULL),
  )
  return out.text16(message).u32(0).done()
}

/** ServerTimeResponse. */
export function timeSbe(time: bigint, schema: SbeSchema): Uint8Array {
  const out = new SbeWriter(schema)
  out.root(102, () => out.i64(time))
  return out.done()
}
