/** Answers that are not data: refusals, errors, and invalid bodies. */

import type { AnswerFault } from './fault.ts'
import { Refusal } from './query.ts'
import { errorSbe, type SbeSchema } from './sbe.ts'

/** An answer before limits and compression are applied. Header names are in lower case. */
export type PlainAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The same in SBE, if available. */
  readonly sbe?: (schema: SbeSchema) => Uint8Array
}

const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' }
const HTML_TYPE = { 'content-type': 'text/html' }

const STATUS_WORDS: Readonly<Record<number, string>> = {
  403: 'ERROR: The request could not be satisfied',
  404: '404 Not Found',
  500: '500 Internal Server Error',
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
}

const ERRORS: Readonly<Record<number, { readonly status: number; readonly msg: string }>> = {
  [-1000]: { status: 500, msg: 'An unknown error occurred while processing the request.' },
  [-1001]: {
    status: 500,
    msg: 'Internal error; unable to process your request. Please try again.',
  },
  [-1003]: { status: 503, msg: 'Too many requests queued.' },
  [-1006]: {
    status: 500,
    msg: 'An unexpected response was received from the message bus. Execution status unknown.',
  },
  [-1007]: {
    status: 504,
    msg: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
  },
  [-1008]: {
    status: 503,
    msg: 'Server is currently overloaded with other requests. Please try again in a few minutes.',
  },
  [-1121]: { status: 400, msg: 'Invalid symbol.' },
}

const BODIES = {
  empty: '',
  object: '{}',
  null: 'null',
  html: '<!DOCTYPE html><html><body>Scheduled maintenance</body></html>',
  garbage: '\u0000\u0001[[1,2,"\u202e\u001b[31m',
  wrongShape: '[[1,2],["a"]]',
  error: '{"code":-1000,"msg":"An unknown error occurred while processing the request."}',
}

/** 200 with JSON. */
export function jsonAnswer(body: string, sbe?: PlainAnswer['sbe']): PlainAnswer {
  return { status: 200, headers: JSON_TYPE, body, ...(sbe === undefined ? {} : { sbe }) }
}

/** Binance's error object. */
export function errorAnswer({ status, code, message }: Refusal): PlainAnswer {
  if (typeof code === 'string') {
    const error = { status: 'ERROR', type: 'GENERAL', code, errorData: message }
    return { status, headers: JSON_TYPE, body: JSON.stringify(error) }
  }
  const body = JSON.stringify({ code, msg: message })
  return { status, headers: JSON_TYPE, body, sbe: (schema) => errorSbe(code, message, schema) }
}

/** A page of HTML, as proxies and the firewall send it. */
export function htmlAnswer(status: number): PlainAnswer {
  const words = STATUS_WORDS[status] ?? `${status}`
  const body = `<html>\r\n<head><title>${words}</title></head>\r\n<body><center><h1>${words}</h1></center></body>\r\n</html>\r\n`
  return { status, headers: HTML_TYPE, body }
}

/** The answer of `fault`. */
export function faultAnswer(fault: AnswerFault): PlainAnswer {
  switch (fault.kind) {
    case 'region':
      return {
        status: 451,
        headers: JSON_TYPE,
        body: '{"code":0,"msg":"Service unavailable from a restricted location according to \'b. Eligibility\' in the terms of use."}',
      }
    case 'status':
      return htmlAnswer(fault.status)
    case 'error': {
      const { status, msg } = ERRORS[fault.code] ?? { status: 400, msg: 'Something else.' }
      return errorAnswer(new Refusal(fault.code, msg, fault.status ?? status))
    }
    case 'body':
      return {
        status: 200,
        headers: fault.body === 'html' ? HTML_TYPE : JSON_TYPE,
        body: BODIES[fault.body],
      }
    case 'redirect':
      return {
        status: 302,
        headers: { location: fault.location ?? 'http://169.254.169.254/' },
        body: '',
      }
  }
}
