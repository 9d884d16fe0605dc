/** Keys and what signs with them, wrapped so that no message, log, document or stack can show them. */

const REDACTED = '[redacted]'

/** A value that is seen only by whoever asks for it by name. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
    // What `console.log` and stack traces of Node show.
    Object.defineProperty(this, Symbol.for('nodejs.util.inspect.custom'), { value: () => REDACTED })
  }

  /** The value itself; never to be put into a text. */
  reveal(): T {
    return this.#value
  }

  /** `[redacted]`. */
  toString(): string {
    return REDACTED
  }

  /** `[redacted]`. */
  toJSON(): string {
    return REDACTED
  }
}

/** How an API key signs. */
export type KeyKind = 'hmac' | 'rsa' | 'ed25519'

/** An API key, what it signs with, and the name that the user gave the account. */
export type Credentials = {
  readonly apiKey: Secret<string>
  readonly kind: KeyKind
  /** The API secret (`hmac`), or the private key as unencrypted PKCS#8 PEM. */
  readonly key: Secret<string>
  /** Names the account in the lake; never derived from the key. */
  readonly label: string
}
