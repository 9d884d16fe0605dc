/** The house as its imports draw it: rooms in the order of the fence, and which earlier rooms each one takes from. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

const SRC = join(import.meta.dirname, '..', '..', 'src')
/** As in `test/imports.cjs`; loose files count as one room each. */
const IN_ORDER =
  'base binance node cloud simulator job plan options progress version pull rows store walk session backfill query remove verify report serve watch thread index cli'.split(
    ' ',
  )

const roomOf = (path: string): string => path.split('/')[0]?.replace(/[.]ts$/, '') ?? path

/** One line a room: `walk  <- base binance …`; a room that takes from nobody stands alone. */
export function drawRooms(): string {
  const taken = new Map(IN_ORDER.map((room) => [room, new Set<string>()]))
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  for (const path of files.filter((name) => name.endsWith('.ts'))) {
    const from = roomOf(path)
    for (const [, target = ''] of readFileSync(join(SRC, path), 'utf8').matchAll(
      /(?:from|import)\s*\(?\s*'([.]{1,2}\/[^']+)'/g,
    )) {
      const to = roomOf(posix.join(posix.dirname(path), target))
      if (to !== from) taken.get(from)?.add(to)
    }
  }
  const width = Math.max(...IN_ORDER.map((room) => room.length))
  return IN_ORDER.map((room) => {
    const before = IN_ORDER.filter((other) => taken.get(room)?.has(other))
    return before.length === 0 ? room : `${room.padEnd(width)} <- ${before.join(' ')}`
  }).join('\n')
}
