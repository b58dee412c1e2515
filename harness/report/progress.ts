/**
 * Progress of long work: one line that is rewritten on a terminal, a plain line now and then in a log.
 */
import { createLogUpdate } from 'log-update'

export interface Progress {
  readonly update: (line: string) => void
  /** Prints a line that stays, above the progress line. */
  readonly print: (line: string) => void
  readonly end: () => void
}

/** In a log, a line is written for the first update, and then whenever so many have come. */
const updatesPerLogLine = 100

/** Progress on a stream; `quiet` for none at all (machine-read output). */
export function progressOn(stream: NodeJS.WriteStream, quiet = false): Progress {
  if (quiet) return { update: () => {}, print: () => {}, end: () => {} }
  return stream.isTTY ? onTerminal(stream) : inLog(stream)
}

function onTerminal(stream: NodeJS.WriteStream): Progress {
  const live = createLogUpdate(stream)
  return {
    update: (line) => live(line),
    print: (line) => {
      live.clear()
      stream.write(`${line}\n`)
    },
    end: () => live.clear(),
  }
}

function inLog(stream: NodeJS.WriteStream): Progress {
  let updates = 0
  return {
    update: (line) => {
      updates += 1
      if (updates === 1 || updates % updatesPerLogLine === 0) stream.write(`${line}\n`)
    },
    print: (line) => {
      stream.write(`${line}\n`)
    },
    end: () => {},
  }
}
