/**
 * Dictionaries: the distinct values of a column chunk in the order in which they first come, and each value's place
 * among them. Open addressing over typed arrays; given up as soon as it cannot pay.
 */

import { bitWidth } from './hybrid.ts'
import { wordsEach, type TextValues, type Values, type WordValues } from './values.ts'

/** Distinct values of a chunk. */
export type Dictionary = {
  /** For each entry the index of a value that is equal to it: its first. */
  readonly firsts: Int32Array
  /** For each value its entry. A view of shared memory: good until the next dictionary is made. */
  readonly indices: Int32Array
}

/** The most entries; beyond, indices are hardly narrower than what they stand for. */
const ENTRIES_MAX = 1 << 16

// Shared by all writers: no dictionary outlives the encoding of its chunk, and encoding never waits.
const scratch = {
  table: new Int32Array(0),
  indices: new Int32Array(0),
  firsts: new Int32Array(ENTRIES_MAX),
}

/**
 * The dictionary of `values`, when it and its indices together take fewer than `sizeBytesMax` bytes before
 * compression; else `undefined`.
 */
export function buildDictionary(values: Values, sizeBytesMax: number): Dictionary | undefined {
  if (values.kind === 'flags') return undefined
  const table = clearTable(values.count)
  const entries =
    values.kind === 'texts'
      ? textEntries(values, table, sizeBytesMax)
      : values.kind === 'wides'
        ? wideEntries(values, table, sizeBytesMax)
        : pairEntries(values, table, sizeBytesMax)
  if (entries === undefined) return undefined
  const firsts = scratch.firsts.slice(0, entries)
  const sizeBytes = entriesBytes(values, firsts) + (values.count * bitWidth(entries - 1)) / 8
  if (sizeBytes >= sizeBytesMax) return undefined
  return { firsts, indices: scratch.indices.subarray(0, values.count) }
}

/** Bytes of the entries in PLAIN encoding. */
function entriesBytes(values: WordValues | TextValues, firsts: Int32Array): number {
  if (values.kind !== 'texts') return firsts.length * wordsEach(values.kind) * 4
  let sizeBytes = firsts.length * 4
  for (const first of firsts) {
    sizeBytes += (values.offsets[first + 1] as number) - (values.offsets[first] as number)
  }
  return sizeBytes
}

function clearTable(count: number): Int32Array {
  const wanted = Math.min(count, ENTRIES_MAX) * 2
  const size = Math.max(1 << bitWidth(wanted - 1), 16)
  if (scratch.table.length < size) scratch.table = new Int32Array(size)
  if (scratch.indices.length < count) scratch.indices = new Int32Array(count)
  return scratch.table.subarray(0, size).fill(-1)
}

function pairEntries(
  values: WordValues,
  table: Int32Array,
  sizeBytesMax: number,
): number | undefined {
  const { count, words } = values
  const { indices, firsts } = scratch
  const mask = table.length - 1
  const entriesMax = Math.min(ENTRIES_MAX, sizeBytesMax / 8)
  let entries = 0
  for (let i = 0; i < count; i++) {
    const low = words[i * 2] as number
    const high = words[i * 2 + 1] as number
    let slot = mix(Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) & mask
    let entry = table[slot] as number
    while (entry >= 0) {
      const at = (firsts[entry] as number) * 2
      if (words[at] === low && words[at + 1] === high) break
      slot = (slot + 1) & mask
      entry = table[slot] as number
    }
    if (entry < 0) {
      if (entries >= entriesMax) return undefined
      entry = entries++
      table[slot] = entry
      firsts[entry] = i
    }
    indices[i] = entry
  }
  return entries
}

function wideEntries(
  values: WordValues,
  table: Int32Array,
  sizeBytesMax: number,
): number | undefined {
  const { count, words } = values
  const { indices, firsts } = scratch
  const mask = table.length - 1
  const entriesMax = Math.min(ENTRIES_MAX, sizeBytesMax / 16)
  let entries = 0
  for (let i = 0; i < count; i++) {
    const low = words[i * 4] as number
    const high = words[i * 4 + 1] as number
    const far = Math.imul(words[i * 4 + 2] as number, 0xc2b2ae35) ^ (words[i * 4 + 3] as number)
    let slot = mix(Math.imul(low, 0x9e3779b1) ^ Math.imul(high ^ far, 0x85ebca6b)) & mask
    let entry = table[slot] as number
    while (entry >= 0) {
      if (isSameWide(words, i * 4, (firsts[entry] as number) * 4)) break
      slot = (slot + 1) & mask
      entry = table[slot] as number
    }
    if (entry < 0) {
      if (entries >= entriesMax) return undefined
      entry = entries++
      table[slot] = entry
      firsts[entry] = i
    }
    indices[i] = entry
  }
  return entries
}

function textEntries(
  values: TextValues,
  table: Int32Array,
  sizeBytesMax: number,
): number | undefined {
  const { count, bytes, offsets } = values
  const { indices, firsts } = scratch
  const mask = table.length - 1
  let sizeBytes = 0
  let entries = 0
  for (let i = 0; i < count; i++) {
    const from = offsets[i] as number
    const to = offsets[i + 1] as number
    let slot = hashBytes(bytes, from, to) & mask
    let entry = table[slot] as number
    while (entry >= 0) {
      if (isSameText(values, firsts[entry] as number, from, to)) break
      slot = (slot + 1) & mask
      entry = table[slot] as number
    }
    if (entry < 0) {
      sizeBytes += to - from + 4
      if (entries >= ENTRIES_MAX || sizeBytes >= sizeBytesMax) return undefined
      entry = entries++
      table[slot] = entry
      firsts[entry] = i
    }
    indices[i] = entry
  }
  return entries
}

function isSameWide(words: Int32Array, a: number, b: number): boolean {
  return (
    words[a] === words[b] &&
    words[a + 1] === words[b + 1] &&
    words[a + 2] === words[b + 2] &&
    words[a + 3] === words[b + 3]
  )
}

function isSameText(
  { bytes, offsets }: TextValues,
  index: number,
  from: number,
  to: number,
): boolean {
  const other = offsets[index] as number
  if ((offsets[index + 1] as number) - other !== to - from) return false
  for (let i = 0; i < to - from; i++) {
    if (bytes[other + i] !== bytes[from + i]) return false
  }
  return true
}

/** FNV-1a, mixed. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return mix(hash)
}

// Round prices differ in their high bits only; without this they would all ask for the same slot.
function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return once ^ (once >>> 13)
}
