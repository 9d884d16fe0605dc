/** One queue serves one lake: the lake has a number that the queue remembers. */

import { UsageError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { checkLake, markLake } from '../store/lake.ts'
import { putIfAbsent } from '../store/put-if-absent.ts'
import type { OpenQueue } from './engine.ts'

/** The lake's own number, wherever it is mounted. */
const NUMBER_PATH = '_queue.json'
const FORMAT = 1

/** What a call must know of the lake. */
export type FleetOptions = Options & {
  /** `redis://` or `rediss://`. */
  readonly queue?: string | undefined
  /** The lake's directory is one that all workers share. */
  readonly lakeIsShared?: boolean | undefined
}

/**
 * Checks that workers can share the lake.
 *
 * @throws UsageError for a lake on a disk of one machine
 */
export function checkShared(
  { files }: World,
  { lakeIsShared, dataDir = DATA_DIR }: FleetOptions,
): void {
  if (files.isShared || lakeIsShared === true) return
  throw new UsageError(`the lake at ${quoteText(dataDir)} is on a disk of this machine`, {
    hint: 'Workers elsewhere would fill lakes of their own. Where all of them share this directory, add --lake-is-shared.',
  })
}

/** Makes the queue the one of this lake. @throws UsageError when it serves another lake, or is of a newer version */
export async function claimQueue(
  { redis, queue, name }: OpenQueue,
  world: World,
  { dataDir = DATA_DIR }: FleetOptions,
): Promise<void> {
  await checkLake(world.files)
  await markLake(world.files)
  const lake = await lakeNumber(world)
  const key = queue.toKey('lake')
  await redis.set(key, JSON.stringify({ version: FORMAT, lake, name: dataDir }), 'NX')
  const mark = readMark(await redis.get(key))
  if (mark.version > FORMAT)
    throw new UsageError(`the queue at ${name} is of a newer version`, {
      hint: 'Upgrade binance-backfill.',
    })
  if (mark.lake === lake) return
  throw new UsageError(`the queue at ${name} serves another lake: ${quoteText(mark.name, 200)}`, {
    hint: 'Take another database of the server, such as redis://HOST/1, or another server.',
  })
}

type Mark = { readonly version: number; readonly lake: string; readonly name: string }

function readMark(text: string | null): Mark {
  try {
    const { version = 0, lake = '', name = '' } = JSON.parse(text ?? '{}') as Partial<Mark>
    return { version, lake, name }
  } catch {
    return { version: 0, lake: '', name: 'unknown' }
  }
}

async function lakeNumber({ files, random }: World): Promise<string> {
  const word = (): string => Math.floor(random.next() * 2 ** 32).toString(16)
  const lake = `${word()}-${word()}-${word()}`
  await putIfAbsent(files, NUMBER_PATH, new TextEncoder().encode(`${JSON.stringify({ lake })}\n`))
  const found = await files.read(NUMBER_PATH)
  try {
    const known = JSON.parse(new TextDecoder().decode(found?.bytes)) as { lake?: unknown }
    if (typeof known.lake === 'string' && known.lake !== '') return known.lake
  } catch {
    // As if it had none.
  }
  throw new UsageError(`${NUMBER_PATH} of the lake is not as it was written`, {
    hint: 'Remove it while no worker runs, and empty the queue.',
  })
}
