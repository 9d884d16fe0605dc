/** What is built into the page: its own script and style, and the library that draws candles. */

import { ownFile, packageFile } from '../node/asset.ts'
import type { Assets } from './page.ts'

/** The page's scripts, in the order in which they need each other. */
export const SCRIPTS: readonly string[] = [
  'words.js',
  'calendar.js',
  'gaps.js',
  'chart.js',
  'candles.js',
  'list.js',
  'detail.js',
  'live.js',
  'page.js',
]

/** Where they lie, from the package's root. */
export const ASSETS_DIR = 'src/report/assets'

const CHARTS = 'lightweight-charts'

/** Reads everything. */
export async function reportAssets(): Promise<Assets> {
  const scripts = await Promise.all(SCRIPTS.map((name) => ownFile(`${ASSETS_DIR}/${name}`)))
  return {
    script: `(() => {\n'use strict'\n${scripts.join('\n')}\n})()\n`,
    style: await ownFile(`${ASSETS_DIR}/page.css`),
    chartScript: await packageFile(CHARTS, 'dist/lightweight-charts.standalone.production.js'),
  }
}
