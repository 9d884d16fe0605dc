/** A job file to begin with: small, valid, and with every choice that a first job has beside it as a comment. */

/** The name of the schema that {@link jobTemplate} refers to, in the same directory. */
export const SCHEMA_NAME = 'job.schema.json'

/** The text of a job file, as YAML. It is valid as it is. */
export function jobTemplate(): string {
  return `# yaml-language-server: $schema=./${SCHEMA_NAME}
#
# What the lake shall hold. \`binance-backfill plan\` shows what that costs, \`run\` fetches what is missing; run it
# again whenever you like. The schema line lets editors complete and check this file.
version: 1

# By name, or by what they trade against:
#   symbols: {quote: USDT, status: TRADING, exclude: [USDCUSDT]}
symbols: [BTCUSDT, ETHUSDT]

# UTC. A date, a date-time such as 2024-01-01T12:00:00Z, a duration back from now such as 30d, or listing.
from: 30d
# Exclusive. now, the default, moves with every run.
to: now

# auto takes what is faster, archive files or REST; rest and archive take one of them alone.
source: auto
# float64 for analysis, decimal for exact sums, string as Binance sends them. Fixed once a series has rows.
numbers: float64

# Any key above can stand in a dataset too, and then holds for that one.
datasets:
  # klines | uiKlines | aggTrades | trades | blockTrades
  - kind: klines
    # 1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M
    intervals: [1m, 1h]
  # - kind: aggTrades
  #   symbols: [BTCUSDT]
  #   from: 7d
`
}
