/** Takes partitions or whole series out of the lake: files and coverage together, holding the lake as a run does. */

import { UsageError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { formatWindow, type Window, type WindowText } from '../base/time.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { EARLIEST, LATEST, windowOf, type Moment } from '../query/read-query.ts'
import { findSeries } from '../query/series-text.ts'
import { seriesWorld } from '../session/series.ts'
import { Turns } from '../session/turns.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { acquireLock } from '../store/lock.ts'
import { periodsTouched } from '../store/removal.ts'
import { removeWhole, removeWindow, type Removed } from '../store/remove.ts'
import { readManifest } from '../store/series.ts'

/** What to remove of a series. */
export type RemoveOptions = Pick<Options, 'dataDir' | 'waitLockMs' | 'signal' | 'world'> & {
  /** The first moment whose rows go. Default: everything from the beginning on. */
  readonly from?: Moment
  /** The end, exclusive. Default: everything up to the end. */
  readonly to?: Moment
  /** Asked before anything is removed and the lake is held; nothing is when it resolves to `false`. Default: yes. */
  readonly confirm?: (planned: PlannedRemoval) => Promise<boolean>
}

/** What would be removed. */
export type PlannedRemoval = {
  readonly series: string
  /** `undefined`: the whole series. */
  readonly window?: Partial<WindowText>
  /** Files that reach into it, and their rows and bytes. */
  readonly files: number
  readonly rows: number
  readonly bytes: number
}

/** What was removed. */
export type RemovalSummary = Removed & { readonly series: string }

/**
 * Removes a series from the lake, or a range of it: exactly these rows go. A partition that lies in the range only in
 * part is written anew without them. What was removed is asked for again by the next run that wants it.
 *
 * @param series - `[MARKET/]DATASET/SYMBOL[/CONTRACT][/INTERVAL]`, as in `klines/BTCUSDT/1h`.
 * @returns `undefined` when `confirm` said no.
 * @throws UsageError, and nothing was removed, for a series or range of which the lake has nothing.
 * @throws LockedError when another run holds the lake.
 * @throws StoreError `E_STORE_CHANGED` where many write, when others write to the series all the time.
 */
export async function removeSeries(
  series: string,
  options: RemoveOptions = {},
): Promise<RemovalSummary | undefined> {
  const world = worldOf(options)
  try {
    const window = windowOf(options)
    const key = await findSeries(world.files, series)
    const isAgreed = await options.confirm?.(await planned(world, key, window))
    if (isAgreed === false) return undefined
    const removed = { files: 0, rewritten: 0 }
    const turns = new Turns(world, options.signal)
    const isDone = await held(world, options, (assertHeld) => {
      const lake = seriesWorld(world.files, assertHeld)
      const turn = { removed, suspects: turns.suspects }
      return turns.during(async () => {
        if (!isWhole(window)) return removeWindow(lake, key, window, turn)
        await removeWhole(lake, key, turn)
        return true
      })
    })
    if (!isDone && removed.files + removed.rewritten === 0) throw nothingThere(key, window)
    return { series: seriesName(key), ...removed }
  } finally {
    await closeWorld(world, options)
  }
}

function isWhole({ from, to }: Window): boolean {
  return from === EARLIEST && to === LATEST
}

async function held<T>(
  world: World,
  { waitLockMs, signal }: RemoveOptions,
  work: (assertHeld: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const lock = await acquireLock(world, { waitMs: waitLockMs, signal })
  try {
    return await work(() => lock.assertHeld())
  } finally {
    await lock.release()
  }
}

async function planned(world: World, key: SeriesKey, window: Window): Promise<PlannedRemoval> {
  // A damaged series can be removed as well, though nothing is known of it.
  const manifest = await readManifest(world.files, key).catch(() => undefined)
  const periods = manifest === undefined ? [] : periodsTouched(manifest, window)
  const entries = periods.flatMap((period) => manifest?.partitions.get(period) ?? [])
  return {
    series: seriesName(key),
    ...(isWhole(window) ? {} : { window: textOf(window) }),
    files: entries.length,
    rows: entries.reduce((sum, { rows }) => sum + rows, 0),
    bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** Bounds that were named. */
function textOf({ from, to }: Window): Partial<WindowText> {
  const text = formatWindow({ from, to })
  return {
    ...(from === EARLIEST ? {} : { from: text.from }),
    ...(to === LATEST ? {} : { to: text.to }),
  }
}

function nothingThere(key: SeriesKey, window: Window): UsageError {
  const { from, to } = textOf(window)
  const range = [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')
  return new UsageError(`the lake has nothing of ${quoteText(seriesName(key))} ${range}`, {
    hint: '`binance-backfill status` shows what it has; nothing was removed.',
  })
}
