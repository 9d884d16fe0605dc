/** Base and quote of a symbol that exchangeInfo does not know any more: its name alone tells them, as far as it can. */

/** Assets that symbols were quoted in, from the listings of the exchange over the years. */
const QUOTES = (
  'USDT BUSD TUSD USDC FDUSD USDP USDS USD1 PAX UST DAI USD VAI BKRW IDRT BIDR BVND ' +
  'BTC ETH BNB XRP TRX DOGE DOT SOL ' +
  'EUR GBP AUD TRY RUB UAH NGN BRL ZAR PLN RON ARS JPY CZK MXN COP IDR KRW'
).split(' ')

/** What a name tells. */
export type Pair = {
  /** Empty where no known quote fits. */
  readonly base: string
  readonly quote: string
  /** May it be parted in another way too? */
  readonly isAmbiguous: boolean
}

/** Parts names by the quotes and bases that are known. */
export class PairNames {
  readonly #quotes: readonly string[]
  readonly #bases: ReadonlySet<string>

  /** @param listed - The pairs of exchangeInfo. */
  constructor(listed: readonly { readonly baseAsset: string; readonly quoteAsset: string }[]) {
    const quotes = new Set([...QUOTES, ...listed.map(({ quoteAsset }) => quoteAsset)])
    this.#quotes = [...quotes].sort((a, b) => b.length - a.length)
    this.#bases = new Set(listed.flatMap(({ baseAsset, quoteAsset }) => [baseAsset, quoteAsset]))
  }

  /** The longest known quote wins. Other ways are none where only the longest leaves a base that is known. */
  part(symbol: string): Pair {
    const name = pairName(symbol)
    const fitting = this.#quotes.filter((one) => name.endsWith(one) && name.length > one.length)
    const [quote] = fitting
    if (quote === undefined) return { base: '', quote: '', isAmbiguous: true }
    const base = name.slice(0, -quote.length)
    const others = fitting.slice(1).map((one) => name.slice(0, -one.length))
    const isAmbiguous = !this.#bases.has(base) && others.length > 0
    return { base, quote, isAmbiguous: isAmbiguous || others.some((one) => this.#bases.has(one)) }
  }
}

/**
 * The pair of a contract: its name ends with its kind, or with the day of its delivery. Contracts that were settled and
 * then listed anew have files of their own, under the old name and `SETTLED`.
 */
export function pairName(symbol: string): string {
  return symbol.replace(/_?SETTLED\d*$/, '').replace(/_(?:PERP|\d{6})$/, '')
}
