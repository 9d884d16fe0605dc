/** Where the queue is: the URL of a Redis or Valkey server. Its password goes to that server and nowhere else. */

import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

/** A checked URL. */
export type QueueUrl = {
  /** With user and password. */
  readonly url: string
  /** Without: for messages. */
  readonly name: string
}

const HINT = 'Name a Redis or Valkey server, such as redis://queue.internal:6379/0.'

/** @throws UsageError for what is not the URL of a queue; the message repeats nothing that may be a password. */
export function readQueueUrl(text: string | undefined): QueueUrl {
  if (text === undefined || text === '')
    throw new UsageError('no queue is named', {
      hint: 'Name one with --queue URL or BINANCE_BACKFILL_QUEUE.',
    })
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:')
    throw new UsageError('queues on PostgreSQL are not supported by this version', { hint: HINT })
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    throw new UsageError('the URL of the queue is not redis:// or rediss:// with a host', {
      hint: HINT,
    })
  const path = url.pathname.replace(/^\//, '')
  if (!/^\d{0,3}$/.test(path) || url.search !== '' || url.hash !== '')
    throw new UsageError(
      'the URL of the queue may only have the number of a database behind its host',
      {
        hint: HINT,
      },
    )
  const port = url.port === '' ? '6379' : url.port
  const name = `${url.protocol}//${url.hostname}:${port}/${path === '' ? '0' : path}`
  return { url: text, name: quoteText(name) }
}
