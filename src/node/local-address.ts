/** Addresses of this machine that requests are sent from. */

import { createServer, isIP } from 'node:net'
import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

/**
 * Source addresses in one spelling, each once: written twice, an address would be given twice its budget.
 *
 * @throws UsageError for what is not the address of one machine.
 */
export function readLocalAddresses(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map(readLocalAddress))]
}

function readLocalAddress(text: string): string {
  const address = text.trim()
  const family = isIP(address)
  if (family === 0 || address.includes('%')) throw refused(text, 'is not an IP address')
  const spelled = family === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1)
  if (spelled.startsWith('::ffff:')) throw refused(text, 'is an IPv4 address written as IPv6')
  const [first = 0] = spelled.split('.').map(Number)
  const isGroup = family === 4 ? first >= 224 : spelled.startsWith('ff')
  if (isGroup || spelled === '0.0.0.0' || spelled === '::')
    throw refused(text, 'is not the address of one machine')
  return spelled
}

function refused(text: string, why: string): UsageError {
  return new UsageError(`local address "${quoteText(text, 60)}" ${why}`, {
    hint: 'Name an address of this machine, such as 192.0.2.7; `ip address` lists them.',
  })
}

/**
 * The name that the user gives the way out of this machine.
 *
 * @throws UsageError for what is no name, and where there are several ways.
 */
export function readEgress(
  name: string | undefined,
  addresses: readonly string[],
): string | undefined {
  if (name === undefined) return undefined
  if (!/^[\w.:-]{1,64}$/.test(name))
    throw new UsageError(`egress "${quoteText(name, 60)}" is not a name`, {
      hint: 'Write 1 to 64 of A-Z a-z 0-9 . _ : -, the same for all processes behind one address.',
    })
  if (addresses.length > 1)
    throw new UsageError('an egress names one address, and there are several', {
      hint: 'Name one with --local-address, or leave --egress out: each address then has a budget of its own.',
    })
  return name
}

/** Does this machine have the address? @throws UsageError when it does not */
export async function checkLocalAddress(address: string): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port: 0, exclusive: true }, resolve)
    })
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new UsageError(`local address ${address} is not one of this machine (${code})`, {
      hint: '`ip address` lists the addresses of this machine.',
    })
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
