/** Keys and other secrets, wrapped so that no message, log, document or stack trace can show them. */

const REDACTED = '[redacted]'

/** A value that is readable only through {@link Secret.reveal}. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
    // Shown by `console.log` and stack traces of Node.
    Object.defineProperty(this, Symbol.for('nodejs.util.inspect.custom'), { value: () => REDACTED })
  }

  /** The value itself; never put it into a text. */
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

/** The signature type of an API key. */
export type KeyKind = 'hmac' | 'rsa' | 'ed25519'

/** An API key, its secret, and the user's name for the account. */
export type Credentials = {
  readonly apiKey: Secret<string>
  readonly kind: KeyKind
  /** The API secret (`hmac`), or the private key as unencrypted PKCS#8 PEM. */
  readonly key: Secret<string>
  /** Names the account in the lake; never derived from the key. */
  readonly label: string
}
