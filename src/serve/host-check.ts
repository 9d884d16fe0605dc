/**
 * Which `Host` headers are answered. A foreign page can have its own name resolve to this machine and then read what is
 * served here (DNS rebinding); the header still says the foreign name.
 */

const LOOPBACK: readonly string[] = ['127.0.0.1', '[::1]', 'localhost']
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/

/**
 * May a request with this `Host` be answered by a server that listens on `listening`? The port is not compared: a tunnel
 * has another one, and it is the name that a foreign page cannot choose.
 */
export function isOwnHost(header: string, listening: string): boolean {
  const name = header
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
  const own = listening.toLowerCase()
  if (LOOPBACK.includes(name)) return true
  // Who listens on every address is asked by any of them; an address, unlike a name, resolves to nothing else.
  if (WILDCARDS.includes(own)) return ADDRESS.test(name)
  return name === own || name === `[${own}]`
}
