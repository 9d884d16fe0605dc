/** The stand-in with other words in its mouth. */

import type { Exchange } from '../../src/simulator/index.ts'

/** Answers `path` with `status`, or the true one, and what is made of the true answer's body. */
export function twist(
  exchange: Exchange,
  path: string,
  status: number | undefined,
  body: (trueBody: string) => string,
): void {
  const handle = exchange.handle.bind(exchange)
  exchange.handle = (request, now) => {
    const plain = { ...request, headers: { ...request.headers, 'accept-encoding': 'identity' } }
    const answer = handle(plain, now)
    if (request.path !== path) return answer
    const text = new TextDecoder().decode(answer.body)
    return {
      ...answer,
      status: status ?? answer.status,
      body: new TextEncoder().encode(body(text)),
    }
  }
}
