import { generateKeyPairSync, verify, type KeyObject } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { Secret, type Credentials } from '../../src/base/secret.ts'
import { micros } from '../../src/base/time.ts'
import { readCredentials } from '../../src/node/keys.ts'
import { signatureOf, signer } from '../../src/pull/sign.ts'

// Public: the examples of rest-api.md, "SIGNED Endpoint Examples for POST /api/v3/order".
const DOC_KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A'
const DOC_SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j'
const DOC_REST =
  'side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559'

const hmac = (secret: string) => signatureOf({ kind: 'hmac', key: new Secret(secret) })
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

describe('signatures', () => {
  test('HMAC as in the documents', () => {
    expect(hmac(DOC_SECRET)(`symbol=LTCBTC&${DOC_REST}`)).toBe(
      'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
    )
  })

  test('HMAC of a non-ASCII symbol as in the documents: over the percent-encoded query', () => {
    const symbol = encodeURIComponent('１２３４５６')
    expect(symbol).toBe('%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96')
    expect(hmac(DOC_SECRET)(`symbol=${symbol}&${DOC_REST}`)).toBe(
      'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3',
    )
  })

  test('Ed25519 as in RFC 8032, 7.1, test 2', () => {
    const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
    const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
    const signature = signatureOf({ kind: 'ed25519', key: new Secret(pem) })('r')
    expect(Buffer.from(decodeURIComponent(signature), 'base64').toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
  })

  test('RSA is PKCS#1 v1.5 with SHA-256, percent-encoded base64', () => {
    const payload = `symbol=BTCUSDT&${DOC_REST}`
    const signature = signatureOf({ kind: 'rsa', key: new Secret(pemOf(rsa.privateKey)) })(payload)
    expect(signature).toMatch(/^[A-Za-z0-9%]+$/)
    const bytes = Buffer.from(decodeURIComponent(signature), 'base64')
    expect(verify('sha256', Buffer.from(payload), rsa.publicKey, bytes)).toBe(true)
  })
})

describe('signed requests', () => {
  const credentials: Credentials = {
    apiKey: new Secret(DOC_KEY),
    kind: 'hmac',
    key: new Secret(DOC_SECRET),
    label: 'main',
  }
  const now = micros(1_499_827_319_559_123n)

  test('have the time in µs, recvWindow, the signature over all before it, and the key as a header', () => {
    const { query, headers } = signer(credentials)('symbol=LTCBTC', now)
    const payload = 'symbol=LTCBTC&recvWindow=5000&timestamp=1499827319559123'
    expect(query).toBe(`${payload}&signature=${hmac(DOC_SECRET)(payload)}`)
    expect(headers).toEqual({ 'x-mbx-apikey': DOC_KEY })
  })

  test('may have no other parameter', () => {
    expect(signer(credentials)('', now).query).toMatch(/^recvWindow=5000&timestamp=\d{16}&sig/)
  })

  test.each([
    [60_000, 'recvWindow=60000&'],
    [6000.3464, 'recvWindow=6000.346&'],
    [1, 'recvWindow=1&'],
  ])('take a recvWindow of %d ms', (ms, text) => {
    expect(signer(credentials, ms)('', now).query).toContain(text)
  })

  test.each([0, -1, 60_001, NaN, Infinity])('refuse a recvWindow of %d ms', (ms) => {
    expect(() => signer(credentials, ms)).toThrow(UsageError)
  })
})

test('a secret shows itself to nobody but who asks', () => {
  const secret = new Secret('s3cret')
  const seen = [
    String(secret),
    secret.toString(),
    JSON.stringify({ secret }),
    inspect({ deep: { secret } }, { depth: 9, showHidden: true }),
    inspect(new Error('x', { cause: { secret } })),
    Object.keys(secret).join(),
  ]
  for (const text of seen) expect(text).not.toContain('s3cret')
  expect(secret.reveal()).toBe('s3cret')
})

const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function keyFile(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const KEY = { BINANCE_API_KEY: DOC_KEY, BINANCE_ACCOUNT_LABEL: 'main' }
const PASSPHRASE = 'open sesame'
const encrypted = (key: KeyObject): string =>
  key
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
    .toString()

describe('credentials from the environment', () => {
  test('none are given: nothing', () => {
    expect(readCredentials({ BINANCE_ACCOUNT_LABEL: 'main', BINANCE_API_KEY: ' ' })).toBeUndefined()
  })

  test('a secret is an HMAC key', () => {
    const read = readCredentials({ ...KEY, BINANCE_API_SECRET: DOC_SECRET })
    expect(read).toMatchObject({ kind: 'hmac', label: 'main' })
    expect(read?.key.reveal()).toBe(DOC_SECRET)
    expect(JSON.stringify(read)).not.toContain(DOC_KEY)
  })

  test.each([
    ['rsa', rsa],
    ['ed25519', ed25519],
  ] as const)('a key file is told apart by itself: %s, encrypted too', (kind, pair) => {
    const plain = keyFile(`${kind}.pem`, pemOf(pair.privateKey))
    const locked = keyFile(`${kind}-locked.pem`, encrypted(pair.privateKey), 0o400)
    for (const env of [
      { BINANCE_PRIVATE_KEY_FILE: plain },
      { BINANCE_PRIVATE_KEY_FILE: locked, BINANCE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE },
    ]) {
      const read = readCredentials({ ...KEY, ...env })
      expect(read?.kind).toBe(kind)
      const signature = signatureOf(read!)('payload')
      const digest = kind === 'rsa' ? 'sha256' : null
      const bytes = Buffer.from(decodeURIComponent(signature), 'base64')
      expect(verify(digest, Buffer.from('payload'), pair.publicKey, bytes)).toBe(true)
    }
  })

  test('a traditional RSA key is read too, also encrypted', () => {
    const options = { type: 'pkcs1', format: 'pem' } as const
    const plain = rsa.privateKey.export(options).toString()
    const lock = { cipher: 'aes-128-cbc', passphrase: PASSPHRASE }
    const locked = rsa.privateKey.export({ ...options, ...lock }).toString()
    const file = keyFile('pkcs1.pem', plain)
    expect(readCredentials({ ...KEY, BINANCE_PRIVATE_KEY_FILE: file })?.kind).toBe('rsa')
    const other = keyFile('pkcs1-locked.pem', locked)
    const env = { ...KEY, BINANCE_PRIVATE_KEY_FILE: other }
    expect(() => readCredentials(env)).toThrow(/encrypted/)
    const opened = readCredentials({ ...env, BINANCE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE })
    expect(opened?.kind).toBe('rsa')
  })
})

describe('bad credentials are refused before anything is sent, and never quoted', () => {
  const body = pemOf(ed25519.privateKey)
  const good = keyFile('good.pem', body)
  mkdirSync(join(folder, 'directory'))
  const cases: [string, Record<string, string | undefined>, RegExp][] = [
    ['no API key', { BINANCE_API_KEY: undefined }, /BINANCE_API_KEY is not set/],
    ['an API key with a line break', { BINANCE_API_KEY: 'a\nb' }, /BINANCE_API_KEY is not an/],
    ['nothing to sign with', { BINANCE_API_SECRET: undefined }, /BINANCE_API_SECRET or .* not set/],
    ['a key in place of the secret', { BINANCE_API_SECRET: body }, /holds a key in PEM/],
    ['two things to sign with', { BINANCE_PRIVATE_KEY_FILE: good }, /both set/],
    ['no label', { BINANCE_ACCOUNT_LABEL: undefined }, /BINANCE_ACCOUNT_LABEL is not set/],
    ['a label that leaves its directory', { BINANCE_ACCOUNT_LABEL: '../x' }, /cannot name/],
    ['a label of dots', { BINANCE_ACCOUNT_LABEL: '..' }, /cannot name/],
    ['a label with a separator', { BINANCE_ACCOUNT_LABEL: 'a/b' }, /cannot name/],
    ['a label with control characters', { BINANCE_ACCOUNT_LABEL: 'a\u001b[2J' }, /cannot name/],
    ['a label that Hive would escape', { BINANCE_ACCOUNT_LABEL: 'a=b' }, /cannot name/],
  ]
  const files: [string, string, RegExp][] = [
    ['a file that is not there', join(folder, 'none.pem'), /cannot be read: ENOENT/],
    ['a directory', join(folder, 'directory'), /is not a file/],
    ['a file that the group can read', keyFile('group.pem', body, 0o640), /mode 640/],
    ['a file that all can read', keyFile('world.pem', body, 0o604), /mode 604/],
    ['a file that others can write', keyFile('written.pem', body, 0o602), /mode 602/],
    ['a key of another type', keyFile('ec.pem', pemOf(ec.privateKey)), /a key of type ec/],
    ['a public key', keyFile('public.pem', publicPem()), /not a private key/],
    ['no key at all', keyFile('text.pem', `hello ${DOC_SECRET}`), /not a private key/],
    ['an encrypted key without a passphrase', keyFile('e.pem', encrypted(rsa.privateKey)), /encry/],
    ['a huge file', keyFile('huge.pem', 'x'.repeat(70_000)), /too large/],
  ]

  function publicPem(): string {
    return rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  }

  function refusal(env: Record<string, string | undefined>): UsageError {
    try {
      readCredentials(env)
    } catch (error) {
      if (error instanceof UsageError) return error
      throw error
    }
    throw new Error('these credentials were taken')
  }

  function expectQuiet(error: UsageError): void {
    const all = inspect(error, { depth: 9, showHidden: true })
    const parts = body.split('\n').filter((line) => line.length > 20 && !line.startsWith('---'))
    for (const part of [DOC_SECRET, DOC_KEY, PASSPHRASE, 'wrong passphrase', ...parts])
      expect(all).not.toContain(part)
    expect(error.exit).toBe(2)
  }

  test.each(cases)('%s', (_, changed, words) => {
    const error = refusal({ ...KEY, BINANCE_API_SECRET: DOC_SECRET, ...changed })
    expect(error.message).toMatch(words)
    expect(error.message + String(error.hint)).not.toContain('\u001b')
    expectQuiet(error)
  })

  test.each(files)('%s', (_, path, words) => {
    const error = refusal({ ...KEY, BINANCE_PRIVATE_KEY_FILE: path })
    expect(error.message).toMatch(words)
    expectQuiet(error)
  })

  test('a wrong passphrase', () => {
    const path = keyFile('wrong.pem', encrypted(rsa.privateKey))
    const env = {
      BINANCE_PRIVATE_KEY_FILE: path,
      BINANCE_PRIVATE_KEY_PASSPHRASE: 'wrong passphrase',
    }
    const error = refusal({ ...KEY, ...env })
    expect(error.message).toMatch(/the passphrase does not open it/)
    expectQuiet(error)
  })
})
