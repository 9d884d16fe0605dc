/** The lake as a web page of this machine: read-only, and anew for each request. */

import { UsageError } from '../base/errors.ts'
import { startWebServer } from '../node/web-server.ts'
import type { Options } from '../options.ts'
import { status } from '../query/status.ts'
import { reportAssets } from '../report/page-assets.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { answerWeb } from './answers.ts'

/** Options of {@link serveLake}. */
export type ServeOptions = Pick<Options, 'dataDir' | 'world'> & {
  /** Port to listen on. Default 0: any free one. */
  readonly port?: number
  /** Address to listen on. Default `127.0.0.1`: this machine only. Whoever reaches another can read the lake. */
  readonly host?: string
}

/** A lake that is being served. */
export type LakeServer = {
  /** What to open in a browser. */
  readonly url: string
  readonly port: number
  /** Stops listening and ends open requests. */
  close(): Promise<void>
}

/**
 * Serves the lake as a local web page, with the same as JSON at `/api/overview`, `/api/days?series=...` and
 * `/api/candles?series=...&from=...&to=...&max=...`. Writes nothing, and answers only requests for the host that it
 * listens on.
 *
 * @throws UsageError when the directory is no lake or holds no series, or the address cannot be listened on.
 */
export async function serveLake(options: ServeOptions = {}): Promise<LakeServer> {
  const { port = 0, host = '127.0.0.1' } = options
  const world = worldOf(options)
  const close = (): Promise<void> => closeWorld(world, options)
  try {
    const { series } = await status([], { world })
    if (series.length === 0)
      throw new UsageError('the lake holds no series', {
        hint: 'Name the right --data-dir, or run a job first.',
      })
    const shown = { world, host, assets: await reportAssets() }
    const server = await startWebServer({ host, port }, (request) => answerWeb(shown, request))
    return {
      url: server.url,
      port: server.port,
      close: async () => {
        await server.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
