/** A mark in words. */
import { faultWords } from '../fault-words.ts'
import { parseFaults } from '../fault-parse.ts'
import type { Mark } from '../mark.ts'
import type { Timeline } from './result/result.ts'

/** What a row of a timeline says of a mark. */
export interface MarkWords {
  readonly kind: Timeline['rows'][number]['kind']
  readonly name: string
  readonly text: string
  readonly records?: readonly string[]
}

/** The words for a mark. */
export function markWords(mark: Mark): MarkWords {
  const said = (text: string, records?: readonly string[]): MarkWords => ({
    kind: 'mark',
    name: mark.mark,
    text,
    ...(records === undefined ? {} : { records }),
  })
  switch (mark.mark) {
    case 'life':
      return { kind: 'start', name: mark.mark, text: startWords(mark.verb, mark.takeover) }
    case 'exit':
      return { kind: 'exit', name: mark.mark, text: exitWords(mark.code, mark.signal) }
    case 'fault':
      return { kind: 'fault', name: mark.mark, text: told(mark.fault) }
    case 'stopped':
    case 'continued':
      return { kind: 'note', name: mark.mark, text: mark.mark }
    case 'wedged':
      return {
        kind: 'note',
        name: mark.mark,
        text: `no op and no mark for ${mark.quietMs} ms${mark.confirmed ? ', alone too' : ''}`,
      }
    case 'note':
      return { kind: 'note', name: mark.mark, text: mark.text }
    case 'begin':
      return said('begins')
    case 'resolved':
      return said(`owns the run, epoch ${mark.epoch}`)
    case 'recovered':
      return said(`recovered ${records(mark.hashes.length)}`, mark.hashes)
    case 'appending':
      return said(`hands over ${records(mark.hashes.length)}`, mark.hashes)
    case 'ack':
      return said(`told that ${records(mark.hashes.length)} are durable`, mark.hashes)
    case 'refused':
      return said(`refused the ${mark.at}: ${mark.code}`)
    case 'effect':
      return said(
        `effect of ${mark.step} (${mark.effect}), key ${mark.key}, attempt ${mark.attempt}`,
      )
    case 'observed':
      return said(`result of ${mark.step} seen: ${mark.state}`)
    case 'timer':
      return said(`timer ${mark.step} ${mark.phase}`)
    case 'signal-acked':
      return said(`signal ${mark.name} is durable`)
    case 'consumed':
      return said(`${mark.step} consumed signal ${mark.name}`)
    case 'cancel-acked':
      return said(mark.won ? 'cancel is durable' : 'cancel came too late')
    case 'spawn':
      return said(`child ${mark.child} begins under ${mark.parent}`)
    case 'settle':
      return said(`child ${mark.child} settled: ${mark.status}`)
    case 'reserve':
      return said(`${mark.step} reserves ${mark.amount}`)
    case 'spend':
      return said(`${mark.step} spends ${mark.amount}`)
    case 'model-request':
      return said(`${mark.step} asks the model`)
    case 'done':
      return said(`the run is ${mark.status}`)
  }
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

function startWords(verb: string, takeover: string): string {
  if (verb !== 'run') return `process started to ${verb}`
  return takeover === 'always' ? 'process started, takes the run over' : 'process started'
}

function exitWords(code: number | null, signal: string | null): string {
  return signal === null
    ? `process ended, exit code ${code ?? 'unknown'}`
    : `process killed by ${signal}`
}

function told(fault: string): string {
  try {
    const [first] = parseFaults(fault)
    return first === undefined ? fault : faultWords(first)
  } catch {
    // A line that is no fault is the judgement's to tell; a timeline shows it as it is.
    return fault
  }
}
