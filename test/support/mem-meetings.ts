/** Processes that meet in memory, and that can be killed and stopped. */

import type { Line, Meetings } from '../../src/base/ports.ts'

/** A process at its meetings. */
export type MemMeetings = Meetings & {
  /** Ends it without a farewell. */
  kill(): void
  /** Stops it, as by SIGSTOP: what comes waits. */
  freeze(): void
}

type End = Line & { deliver(text: string): void; end(): void; freeze(): void }
type Place = { readonly owner: object; readonly join: () => Line; readonly leave: () => void }

/** A machine; each call of what it returns is a process of it. */
export function memMachine(): () => MemMeetings {
  const places = new Map<string, Place>()
  return () => {
    const owner = {}
    const ends: End[] = []
    const farewells: (() => void)[] = []
    let isOver = false
    const vacate = (): void => {
      isOver = true
      for (const [name, place] of places) if (place.owner === owner) places.delete(name)
    }
    const leave = (): void => {
      for (const end of ends) end.close()
    }
    return {
      meet: async (name, joined, farewell) => {
        if (isOver) throw new Error('this process has left')
        const place = places.get(name)
        if (place !== undefined) {
          const line = place.join()
          ends.push(line as End)
          return line
        }
        const join = (): Line => {
          const [own, other] = linePair()
          ends.push(own)
          farewells.push(() => {
            own.send(farewell())
          })
          joined(own)
          return other
        }
        places.set(name, { owner, join, leave })
        return undefined
      },
      close: () => {
        vacate()
        for (const say of farewells) say()
        leave()
      },
      kill: () => {
        vacate()
        leave()
      },
      freeze: () => {
        for (const end of ends) end.freeze()
      },
    }
  }
}

function linePair(): [End, End] {
  const ends: End[] = []
  const at = (index: number) => (): End => ends[index]!
  ends.push(lineEnd(at(1)), lineEnd(at(0)))
  return [at(0)(), at(1)()]
}

function lineEnd(other: () => End): End {
  let hears: { heard: (message: unknown) => void; ended: () => void } | undefined
  let isFrozen = false
  let isClosed = false
  const early: (() => void)[] = []
  const soon = (act: () => void): void => {
    if (isFrozen) return
    if (hears === undefined) early.push(act)
    else queueMicrotask(act)
  }
  const end: End = {
    send: (message) => {
      if (!isClosed) other().deliver(JSON.stringify(message))
    },
    hear: (heard, ended) => {
      hears = { heard, ended }
      for (const act of early.splice(0)) queueMicrotask(act)
    },
    deliver: (text) => {
      soon(() => hears?.heard(JSON.parse(text)))
    },
    close: () => {
      other().end()
      end.end()
    },
    end: () => {
      if (isClosed) return
      isClosed = true
      soon(() => hears?.ended())
    },
    freeze: () => {
      isFrozen = true
    },
  }
  return end
}
