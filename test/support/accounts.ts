/** Accounts of the stand-in, and the keys that they sign with. */

import { generateKeyPairSync } from 'node:crypto'
import { Secret, type Credentials, type KeyKind } from '../../src/base/secret.ts'
import type { AccountKey, AccountOptions } from '../../src/simulator/account-rows.ts'

/** An account, and what its owner has of it. */
export type OwnAccount = { readonly account: AccountOptions; readonly credentials: Credentials }

const SECRET = 'aSecretOfTheTests'

/** An account with a new key of `kind`. */
export function accountOf(kind: KeyKind, options: Partial<AccountOptions> = {}): OwnAccount {
  const apiKey = `${kind}KeyOfTheTests`
  const { key, own } = keyPair(kind)
  return {
    account: { apiKey, key, ...options },
    credentials: { apiKey: new Secret(apiKey), kind, key: new Secret(own), label: 'tests' },
  }
}

function keyPair(kind: KeyKind): { readonly key: AccountKey; readonly own: string } {
  if (kind === 'hmac') return { key: { kind, secret: SECRET }, own: SECRET }
  const { publicKey, privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ed25519')
  return {
    key: { kind, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    own: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
