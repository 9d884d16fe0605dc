/** This version, as package.json has it (a test keeps them equal); it is written into every data file. */
export const VERSION = '0.1.0'

/** Who asks, and where to complain; said with every request. The page is package.json's homepage. */
export const USER_AGENT: string = `binance-backfill/${VERSION} (+https://github.com/binance-backfill/binance-backfill)`

/** Who wrote a Parquet file; written into its footer. */
export const CREATED_BY: string = `binance-backfill version ${VERSION}`
