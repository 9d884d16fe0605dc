/** Pages of finished history, kept as bytes; the least recently used go first. */

import type { PlainAnswer } from './answers.ts'

/** A page ready to send. */
export type CachedPage = {
  readonly answer: PlainAnswer
  readonly body: Uint8Array
  readonly gzip: () => Uint8Array
}

/** A bounded number of pages by key. */
export class PageCache {
  readonly #pages = new Map<string, CachedPage>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** The page of a key. */
  get(key: string): CachedPage | undefined {
    const page = this.#pages.get(key)
    if (page === undefined) return undefined
    this.#pages.delete(key)
    this.#pages.set(key, page)
    return page
  }

  /** Keeps a page. */
  set(key: string, page: CachedPage): void {
    this.#pages.set(key, page)
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > this.#max && oldest !== undefined) this.#pages.delete(oldest)
  }
}
