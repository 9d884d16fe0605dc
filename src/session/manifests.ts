/** Manifests of the series that a call looks at. */

import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import type { Files } from '../base/ports.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import { isForgotten, type Manifest } from '../store/manifest.ts'
import { begunAs, lookAtSeries, type Present } from '../store/present.ts'

/** Manifests by series, read once; without the rows of files that are gone. */
export class Manifests {
  readonly #files: Files
  readonly #read = new Map<string, Promise<Present>>()

  constructor(files: Files) {
    this.#files = files
  }

  /**
   * The manifest of a series; `undefined` when the lake has none.
   *
   * @throws DamageError when it is damaged, or a file is not as it says.
   */
  async get(key: SeriesKey): Promise<Manifest | undefined> {
    return (await this.#present(key)).present
  }

  /** Reads the manifests of these series, many at once. What is wrong with one is told to whoever asks for it. */
  async ahead(keys: readonly SeriesKey[]): Promise<void> {
    await atOnce(ASKED_AT_ONCE, keys, (key) => this.#present(key).catch(() => undefined))
  }

  /** Has the manifest of a series that may have changed read anew. */
  forget(key: SeriesKey): void {
    this.#read.delete(seriesName(key))
  }

  /** The partitions of a series whose files somebody removed, oldest first. */
  async lost(key: SeriesKey): Promise<readonly string[]> {
    return (await this.#present(key)).lost
  }

  /** Does a series have a file that says more than its manifest? */
  async isBehind(key: SeriesKey): Promise<boolean> {
    return (await this.#present(key)).isBehind
  }

  /** What a series keeps from its first commit on, also if that commit was cut short; `undefined` before it. */
  async begunAs(key: SeriesKey): ReturnType<typeof begunAs> {
    const manifest = await this.get(key)
    return manifest === undefined || isForgotten(manifest) ? begunAs(this.#files, key) : manifest
  }

  #present(key: SeriesKey): Promise<Present> {
    const name = seriesName(key)
    const known = this.#read.get(name)
    if (known !== undefined) return known
    const read = lookAtSeries(this.#files, key)
    this.#read.set(name, read)
    return read
  }
}
