/** How links and requests name a series: `klines/BTCUSDT/1h`, as the commands do. */

import { DEFAULT_MARKET, type SeriesKey } from '../binance/series.ts'

/** The name of a series in links: `[MARKET/][account=LABEL/]DATASET/SYMBOL[/CONTRACT][/INTERVAL]`; distinct for distinct series. */
export function seriesId({
  market,
  dataset,
  symbol,
  contract,
  interval,
  account,
}: SeriesKey): string {
  return [
    ...(market === (DEFAULT_MARKET as string) ? [] : [market]),
    ...(account === undefined ? [] : [`account=${escaped(account)}`]),
    dataset,
    escaped(symbol),
    ...(contract === undefined ? [] : [contract]),
    ...(interval === undefined ? [] : [interval]),
  ].join('/')
}

/** Only what would make two names one is escaped; a browser's address shows the rest as it is. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('/', '%2F')
}
