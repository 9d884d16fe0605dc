/**
 * Reads API keys from the environment and from key files, and checks them before anything is sent. No message here
 * holds any part of a key.
 *
 * @see binance-spot-api-docs, faqs/api_key_types.md.
 */

import { createPrivateKey, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import { UsageError } from '../base/errors.ts'
import { Secret, type Credentials } from '../base/secret.ts'
import { quoteText } from '../base/text.ts'

/** Environment variables by name. */
type Environment = Readonly<Record<string, string | undefined>>

const KEY = 'BINANCE_API_KEY'
const SECRET = 'BINANCE_API_SECRET'
const FILE = 'BINANCE_PRIVATE_KEY_FILE'
const PASSPHRASE = 'BINANCE_PRIVATE_KEY_PASSPHRASE'
const LABEL = 'BINANCE_ACCOUNT_LABEL'

/** Anyone but the owner. */
const OTHERS = 0o077
// A PEM of an RSA key of 16,384 bits has 13 kB; what is longer is no key.
const KEY_FILE_BYTES_MAX = 65_536
// Marks too: some scripts write vowels with them.
const LABEL_PATTERN = /^(?!\.+$)[\p{L}\p{M}\p{N}._-]{1,64}$/u
// Printable ASCII: what a header may hold and a key does.
const API_KEY_PATTERN = /^[\x21-\x7e]{1,256}$/

/**
 * The credentials that the environment names; `undefined` when it names neither an API key nor anything to sign with.
 *
 * @throws UsageError when a part is missing, both a secret and a key file are given, the label cannot be a directory,
 * or the key file cannot be read, can be read by others, or is not an RSA or Ed25519 private key that the passphrase
 * opens.
 */
export function readCredentials(environment: Environment): Credentials | undefined {
  const given = (name: string): string | undefined => {
    const value = environment[name]?.trim()
    return value === '' ? undefined : value
  }
  const [apiKey, secret, file] = [given(KEY), given(SECRET), given(FILE)]
  if (apiKey === undefined && secret === undefined && file === undefined) return undefined
  if (apiKey === undefined) throw missing(KEY, 'the API key itself')
  if (!API_KEY_PATTERN.test(apiKey)) throw new UsageError(`${KEY} is not an API key`)
  if (secret !== undefined && file !== undefined)
    throw new UsageError(`${SECRET} and ${FILE} are both set`, {
      hint: 'Keep the one that belongs to the API key: a secret for HMAC, a key file for RSA and Ed25519.',
    })
  const label = checkLabel(given(LABEL))
  const common = { apiKey: new Secret(apiKey), label }
  if (secret !== undefined) return { ...common, kind: 'hmac', key: hmacSecret(secret) }
  if (file === undefined) throw missing(`${SECRET} or ${FILE}`, 'what the API key signs with')
  return { ...common, ...readKeyFile(file, environment[PASSPHRASE]) }
}

/**
 * The label of the account.
 *
 * @throws UsageError when there is none or it cannot name a directory.
 */
export function checkLabel(label: string | undefined): string {
  if (label === undefined) throw missing(LABEL, 'a name of your choice for the account')
  const name = label.normalize('NFC')
  if (LABEL_PATTERN.test(name)) return name
  throw new UsageError(`${LABEL}: "${quoteText(label)}" cannot name a directory`, {
    hint: 'Use 1 to 64 letters, digits, "-", "_" and ".".',
  })
}

/** A private key that was put here by mistake would be signed with as if it were a secret, and refused as a wrong one. */
function hmacSecret(secret: string): Credentials['key'] {
  if (!secret.includes('-----BEGIN')) return new Secret(secret)
  throw new UsageError(`${SECRET} holds a key in PEM, not a secret`, {
    hint: `Put it into a file that only you can read, and name that in ${FILE}.`,
  })
}

/**
 * Reads a private key: PEM, PKCS#8 (encrypted too) or the traditional forms.
 *
 * @throws UsageError as {@link readCredentials} does.
 */
function readKeyFile(path: string, passphrase?: string): Pick<Credentials, 'kind' | 'key'> {
  const key = openKey(readPrivate(path), path, passphrase)
  const kind = key.asymmetricKeyType
  if (kind !== 'rsa' && kind !== 'ed25519')
    throw new UsageError(`${quoteText(path)}: a key of type ${kind ?? 'unknown'}`, {
      hint: 'Binance takes RSA and Ed25519 keys; with an HMAC key, set BINANCE_API_SECRET instead.',
    })
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  return { kind, key: new Secret(pem.toString()) }
}

/** The bytes of a file that nobody else can read. The file that was checked is the file that is read. */
function readPrivate(path: string): Buffer {
  let fd: number | undefined
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    const stat = fs.fstatSync(fd)
    if (!stat.isFile()) throw new UsageError(`${quoteText(path)} is not a file`)
    checkMode(path, stat.mode)
    if (stat.size > KEY_FILE_BYTES_MAX)
      throw new UsageError(`${quoteText(path)} is too large for a private key`)
    return fs.readFileSync(fd)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const code = (cause as { code?: unknown }).code
    throw new UsageError(`${quoteText(path)} cannot be read: ${String(code)}`, {
      cause,
      hint: `Check ${FILE}.`,
    })
  } finally {
    if (fd !== undefined) fs.closeSync(fd)
  }
}

function checkMode(path: string, mode: number): void {
  // Windows has no such bits: there every file looks open to all.
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return
  const seen = (mode & 0o777).toString(8)
  throw new UsageError(`${quoteText(path)} can be used by others (mode ${seen})`, {
    hint: `Run: chmod 600 ${quoteText(path)}`,
  })
}

function openKey(pem: Buffer, path: string, passphrase: string | undefined): KeyObject {
  const isEncrypted = /-----BEGIN ENCRYPTED |^Proc-Type: .*ENCRYPTED/m.test(pem.toString('latin1'))
  if (isEncrypted && (passphrase === undefined || passphrase === ''))
    throw new UsageError(`${quoteText(path)} is encrypted`, { hint: `Set ${PASSPHRASE}.` })
  try {
    return createPrivateKey(isEncrypted ? { key: pem, passphrase } : pem)
  } catch {
    // Not as a cause: what a parser says of a key may quote it.
    throw isEncrypted
      ? new UsageError(`${quoteText(path)}: the passphrase does not open it`, {
          hint: `Check ${PASSPHRASE}.`,
        })
      : new UsageError(`${quoteText(path)} is not a private key in PEM`, {
          hint: 'It should begin with -----BEGIN PRIVATE KEY-----.',
        })
  }
}

function missing(name: string, what: string): UsageError {
  return new UsageError(`${name} is not set`, { hint: `Set it to ${what}.` })
}
