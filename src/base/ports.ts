/**
 * The world outside, as small interfaces. `node/` has the real ones, `test/support` the simulated. Everything
 * that makes a run differ from the last one (time, chance, network, disk) comes in through here.
 */

import type { Micros } from './time.ts'

/** Reads time and passes it. */
export type Clock = {
  /** The machine's wall clock, UTC. May be wrong and may jump; only differences to the server's are drawn from it. */
  now(): Micros
  /** Milliseconds, with fractions, since some fixed moment; never goes back. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds, however many; rejects with `signal.reason` as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A source of numbers in `[0, 1)`, for jitter. */
export type Random = { next(): number }

/** One GET request. */
export type HttpRequest = {
  /** Absolute, percent-encoded. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** A total deadline, from the call to the last byte of the body. */
  readonly timeoutMs: number
  /** The most bytes that the body may have, compressed and inflated. */
  readonly sizeBytesMax: number
  readonly signal?: AbortSignal | undefined
}

/** One HTTP answer, whole: the body was read to its declared end and inflated to its own end. */
export type HttpAnswer = {
  readonly status: number
  /** Looks a header up by its lower-case name. */
  readonly header: (name: string) => string | undefined
  readonly body: Uint8Array
}

/** An answer whose body arrives piece by piece, for files too large to hold. */
export type HttpStream = {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Throws TransportError when the connection ends before the declared length. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Sends GET requests. Never follows a redirect, never retries. */
export type Http = {
  /**
   * Resolves for any status.
   *
   * @throws TransportError when no whole answer came: connection, deadline, size cap, truncated or damaged body.
   */
  get(request: HttpRequest): Promise<HttpAnswer>
  /** Like {@link Http.get}, without waiting for the body and without inflating it. */
  stream(request: HttpRequest): Promise<HttpStream>
  /** Closes idle connections; resolves when none is left. */
  close(): Promise<void>
}

declare const version: unique symbol

/** Which bytes a path held. Opaque: passed on and compared, never computed and never taken apart. */
export type Version = string & { readonly [version]: true }

/** What a writer found at a path, and builds upon. */
export type Expected = Version | 'absent'

/** Random access to bytes that do not change meanwhile. */
export type Readable = {
  readonly sizeBytes: number
  /** The descriptor of a file of the disk: other threads of this process may read by it while the file is open. */
  readonly descriptor?: number
  /** Bytes `[from, to)`. */
  read(from: number, to: number): Promise<Uint8Array>
}

/**
 * An open file. All of it is of one version: once the file is replaced, reads give the old bytes or throw StoreError
 * `E_STORE_CHANGED`, never new ones.
 */
export type StoredFile = Readable & {
  /**
   * The version that is read. On a disk that costs reading the file, unless its hash was taken already; on an object
   * store nothing.
   */
  version(): Promise<Version>
  close(): Promise<void>
}

/** A whole file, and which version it is. */
export type Content = { readonly bytes: Uint8Array; readonly version: Version }

/**
 * A file being written to a spool of its own on this machine: among the lake's temporary files on a disk, among the
 * system's for an object store. Nothing is visible under the final name before `commit`, and nothing that is not
 * committed is ever read from the store.
 */
export type Upload = {
  /** Appends; resolves when the bytes are accepted. The array may be reused after that. */
  write(bytes: Uint8Array): Promise<void>
  /** SHA-256 of what was written so far; lower-case hex. */
  sha256(): string
  /** Makes the spool last, and lets it be read back until the upload ends: to check what is about to be committed. */
  flush(): Promise<Readable>
  /**
   * Makes the file appear whole under its final name, durably, in the place of what was expected there. Flushes first.
   *
   * @returns the version that is there now
   * @throws StoreError `E_STORE_CHANGED` when something else is there; that stays as it is.
   */
  commit(expected: Expected): Promise<Version>
  /** Removes the spool. Safe to call after a failure and more than once; does nothing after `commit`. */
  abort(): Promise<void>
}

/** A file of {@link Files.tree}, by its path from the root. */
export type TreeFile = {
  readonly path: string
  readonly sizeBytes: number
  readonly version: Version
}

/** One entry of {@link Files.list}. */
export type FileEntry = { readonly name: string; readonly kind: 'file' | 'directory' | 'other' }

/**
 * Where spools lie on a disk, in the lake: on the same file system, so that a rename is one step; outside of every
 * directory that readers look into; and never `*.parquet`.
 */
export const TEMP_DIRECTORY = '_tmp'

/**
 * A tree of files, as narrow as an object store: read, put if unchanged, read a range, list, delete. Paths are relative
 * to the root, with `/`, without `..`; a path that would leave the root is an error.
 *
 * Every method rejects with StoreError for what the machine refuses (full disk, permissions, I/O).
 */
export type Files = {
  /**
   * Do conditions hold between machines? If not, as on a disk, they hold between the writers of one process, and the
   * lake's lock keeps other processes away; `absent` of {@link Files.replace}, by which the lock is taken, holds
   * between processes too.
   */
  readonly isShared: boolean
  /** The whole file, or `undefined` when there is none. */
  read(path: string): Promise<Content | undefined>
  /** Opens for random access; `undefined` when there is none. */
  open(path: string): Promise<StoredFile | undefined>
  /** Size in bytes; `undefined` when there is none. */
  size(path: string): Promise<number | undefined>
  /** Entries of a directory, sorted by name; empty when there is none. */
  list(path: string): Promise<readonly FileEntry[]>
  /**
   * All files below a directory, in no order; absent where that takes as many calls as asking for each. A file that
   * comes or goes meanwhile may be missing from it.
   */
  readonly tree?: (directory: string) => Promise<readonly TreeFile[]>
  /**
   * Tries what commits rely on, unless it was tried before; absent where whoever commits does so at the start. The first
   * commit does it by itself.
   *
   * @throws UsageError where they cannot rely on it.
   */
  readonly probe?: () => Promise<void>
  /** Begins a file that will replace `path` as a whole on commit. Makes directories as needed. */
  upload(path: string): Promise<Upload>
  /**
   * Puts `bytes` at `path` in the place of what was expected there, atomically and durably.
   *
   * @returns the version that is there now
   * @throws StoreError `E_STORE_CHANGED` when something else is there; that stays as it is.
   */
  replace(path: string, bytes: Uint8Array, expected: Expected): Promise<Version>
  /**
   * Makes a file last that is there already: whoever put it there may have ended before it did. Nothing happens when
   * there is none.
   */
  settle(path: string): Promise<void>
  /** Deletes a file, durably, whatever its version; nothing happens when there is none. */
  remove(path: string): Promise<void>
  /**
   * Takes a directory away if it is empty, then the one above it if that is empty now, and so on; never the root.
   * Nothing happens where directories are nothing but the names of files.
   */
  prune(directory: string): Promise<void>
  /** Bytes that can still be written; `undefined` where nobody knows. */
  freeBytes(): Promise<number | undefined>
}

/** One of several addresses that requests are sent from. The exchange counts each by itself. */
export type Egress = {
  /** The address. */
  readonly name: string
  readonly http: Http
  /** @throws UsageError when it is not an address of this machine */
  readonly check?: () => Promise<void>
}

/** What a machine remembers of one exchange, and the directory of it, to be told to people. */
export type Memory = { readonly files: Files; readonly directory: string }

/** Everything that a backfill needs from the machine. */
export type World = {
  readonly clock: Clock
  readonly random: Random
  readonly http: Http
  /** The addresses to send from, where the user names some; `http` is the first of them. */
  readonly egresses?: readonly Egress[]
  readonly files: Files
  /**
   * What this machine remembers of an exchange, by its name, whichever lake it works for: a ban belongs to an address.
   * Absent where nothing is remembered.
   */
  readonly state?: (exchange: string) => Memory
  /** This process, so that a lock can name its owner and a later process can tell whether it lives. */
  readonly process: ProcessIdentity
  /** Absent where all is done in one. */
  readonly threads?: Threads
}

/**
 * Other threads of this process. What goes to them and what comes back is plain data, copied; so a job is worth it
 * where it is long, and what it takes and gives is small.
 */
export type Threads = {
  /** How many jobs are done at once. */
  readonly count: number
  /** A job on a file of fewer bytes takes less time than a thread takes to begin. */
  readonly bytesMin: number
  /**
   * Does the work of this name in another thread, and gives what it yields, in order. The thread waits when it is far
   * ahead of the reader. When this ends, however it ends, the thread works on the job no more.
   *
   * @throws what the work throws, as far as it can be copied; ThreadError when the thread dies.
   */
  run(work: string, job: object): AsyncIterable<object>
  /** Ends all threads. */
  close(): Promise<void>
}

/** Who holds a lock. */
export type ProcessIdentity = {
  readonly pid: number
  readonly host: string
  /** Changes with every boot of the machine; empty where it cannot be known. */
  readonly bootId: string
  /** When the process started, in an opaque form; tells a reused pid from its former owner. */
  readonly startedAt: string
  /** Is the process with these marks still alive on this machine? `undefined` when that cannot be known from here. */
  isAlive(owner: {
    readonly pid: number
    readonly host: string
    readonly bootId: string
    readonly startedAt: string
  }): boolean | undefined
}
