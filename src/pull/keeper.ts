/**
 * Serves other processes of this machine from this one's budget, so that all that send from one address keep to its
 * limits together.
 */

import type { Line } from '../base/ports.ts'
import type { RequestPoolName } from '../binance/limit.ts'
import type { Ticket, WeightBudget } from './budget.ts'
import type { Closing, Gate, OnWait } from './gate.ts'
import { readToKeeper, type FromKeeper, type ToKeeper } from './keeper-messages.ts'
import type { RequestPool } from './request-pool.ts'

/** What is kept. */
export type Kept = {
  readonly budget: WeightBudget
  readonly requests: Readonly<Record<RequestPoolName, RequestPool>>
  readonly gate: Gate
}

/** A request of another process: waiting, or under way with its ticket. */
type Guest = { readonly stop: AbortController; ticket?: Ticket }

/** Another process: its line, its requests by their numbers, and what tells it of waits. */
type Party = {
  readonly line: Line
  readonly guests: Map<number, Guest>
  readonly onWait: OnWait
}

/** Keeps a budget for others. */
export class Keeper {
  readonly #kept: Kept
  readonly #lines = new Set<Line>()

  constructor(kept: Kept) {
    this.#kept = kept
  }

  /** Serves one more process until it ends. What it had under way then counts as sent. */
  serve(line: Line): void {
    const { budget, gate } = this.#kept
    const guests = new Map<number, Guest>()
    const party = { line, guests, onWait: tellWait(line) }
    this.#lines.add(line)
    line.hear(
      (message) => {
        const read = readToKeeper(message)
        if (read !== undefined) this.#heard(read, party)
      },
      () => {
        this.#lines.delete(line)
        for (const { stop, ticket } of guests.values()) {
          stop.abort()
          if (ticket !== undefined) budget.settle(ticket)
        }
        guests.clear()
      },
    )
    const { closing } = gate
    if (closing !== undefined) send(line, { kind: 'closed', ...closing })
  }

  /** Tells all but the one that told it what closes the gate. */
  closed(closing: Closing, from?: Line): void {
    for (const line of this.#lines) if (line !== from) send(line, { ...closing, kind: 'closed' })
  }

  /** What those are told whom it serves when it leaves. */
  farewell(): FromKeeper {
    const { budget, requests } = this.#kept
    const ages = { funding: requests.funding.ages(), data: requests.data.ages() }
    return { kind: 'farewell', uses: budget.uses(), ages }
  }

  #heard(message: ToKeeper, party: Party): void {
    const { line, guests, onWait } = party
    const { budget, requests, gate } = this.#kept
    switch (message.kind) {
      case 'ask': {
        const { id, path, weight, share } = message
        void admit(party, id, (signal) => budget.reserve(path, weight, signal, { share, onWait }))
        return
      }
      case 'askPool': {
        const { id, pool } = message
        void admit(party, id, async (signal) => {
          await requests[pool].reserve(signal, onWait)
          return undefined
        })
        return
      }
      case 'sent': {
        const ticket = budget.adopt(message.path, message.weight)
        guests.set(message.id, { stop: new AbortController(), ticket })
        return
      }
      case 'settle': {
        const { id, headers } = message
        const ticket = guests.get(id)?.ticket
        guests.delete(id)
        if (ticket !== undefined) budget.settle(ticket, (name) => headers[name])
        return
      }
      case 'release': {
        const guest = guests.get(message.id)
        guests.delete(message.id)
        guest?.stop.abort()
        if (guest?.ticket !== undefined) budget.release(guest.ticket)
        return
      }
      case 'limits':
        // The keeper may not have read them yet.
        budget.assume(message.limits)
        return
      case 'slowDown':
        budget.slowDown()
        return
      case 'slowDownPool':
        requests[message.pool].slowDown()
        return
      case 'closed':
        gate.hear(message)
        this.closed(message, line)
        return
      case 'ping':
        send(line, { kind: 'pong' })
    }
  }
}

function send(line: Line, message: FromKeeper): void {
  line.send(message)
}

function tellWait(line: Line): OnWait {
  return ({ ms, message }) => {
    send(line, { kind: 'wait', ms, message })
  }
}

/** Admits a request when `reserve` does, unless it is not wanted any more. */
async function admit(
  { line, guests }: Party,
  id: number,
  reserve: (signal: AbortSignal) => Promise<Ticket | undefined>,
): Promise<void> {
  const guest: Guest = { stop: new AbortController() }
  guests.set(id, guest)
  try {
    const ticket = await reserve(guest.stop.signal)
    if (ticket === undefined) guests.delete(id)
    else guest.ticket = ticket
    send(line, { kind: 'admitted', id })
  } catch (error) {
    if (!guest.stop.signal.aborted) throw error
  }
}
