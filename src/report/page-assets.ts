/** What is built into the report page: its own script and style, and the plotting library with its licence. */

import { ownFile, packageFile } from '../node/asset.ts'
import type { Assets } from './page.ts'

/** The page's scripts, in the order in which they need each other. */
export const SCRIPTS: readonly string[] = ['words.js', 'calendar.js', 'chart.js', 'page.js']

/** Where they lie, from the package's root. */
export const ASSETS_DIR = 'src/report/assets'

/** Reads everything. */
export async function reportAssets(): Promise<Assets> {
  const scripts = await Promise.all(SCRIPTS.map((name) => ownFile(`${ASSETS_DIR}/${name}`)))
  return {
    script: `(() => {\n'use strict'\n${scripts.join('\n')}\n})()\n`,
    style: await ownFile(`${ASSETS_DIR}/page.css`),
    plotScript: await packageFile('uplot/dist/uPlot.iife.min.js'),
    plotStyle: await packageFile('uplot/dist/uPlot.min.css'),
    plotLicence: await packageFile('uplot/LICENSE'),
  }
}
