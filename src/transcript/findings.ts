/**
 * The rules about pairing, the same in every format: each call one result, each result one call, in its place.
 */
import { pair } from './pairing.ts'
import type { CallSlot, Finding, Place, Reading, ResultSlot, Turn } from './reading.ts'

/** All problems of a transcript, in transcript order; their places count in what was given. */
export function findings({ reading, fragments, origin }: Read): readonly Finding[] {
  const found = [
    ...reading.notes,
    ...reading.turns.flatMap(turnFindings),
    ...reading.orphans.map(orphan),
  ].map((finding) => {
    const message = origin[finding.place.message] ?? finding.place.message
    return { ...finding, place: { ...finding.place, message } }
  })
  return [...fragments, ...found].sort((left, right) => comparePlaces(left.place, right.place))
}

/** What is needed of a transcript that was opened. */
interface Read {
  readonly reading: Reading
  readonly fragments: readonly Finding[]
  readonly origin: readonly number[]
}

/** Orders places as they stand in the transcript; a message comes before its parts. */
export function comparePlaces(left: Place, right: Place): number {
  return left.message - right.message || (left.part ?? -1) - (right.part ?? -1)
}

function turnFindings(turn: Turn): Finding[] {
  const { answers, duplicates, strays } = pair(turn)
  return [
    ...duplicateIds(turn),
    ...turn.calls.filter((call) => !answers.has(call)).map(unanswered),
    ...[...answers.values()].filter((result) => result.standing === 'displaced').map(displaced),
    ...duplicates.map(duplicate),
    ...strays.map(orphan),
  ]
}

function duplicateIds(turn: Turn): Finding[] {
  const seen = new Set<string>()
  return turn.calls.flatMap((call) => {
    if (call.id === undefined || seen.size < seen.add(call.id).size) return []
    return {
      code: 'call-id-duplicate',
      place: call.place,
      path: call.path,
      expected: 'an id that no other call of the same turn has',
      came: JSON.stringify(call.id),
    }
  })
}

function unanswered(call: CallSlot): Finding {
  return {
    code: 'call-unanswered',
    place: call.place,
    path: call.path,
    expected: `one result of call ${label(call)} before the model speaks again`,
    came: 'none',
    call: call.position,
  }
}

function displaced(result: ResultSlot): Finding {
  return {
    code: 'result-displaced',
    place: result.place,
    path: result.path,
    expected: 'the results right behind their calls, with nothing between them',
    came: 'a result further behind',
  }
}

function duplicate(result: ResultSlot): Finding {
  return {
    code: 'result-duplicate',
    place: result.place,
    path: result.path,
    expected: `one result of call ${label(result)}`,
    came: 'another one',
  }
}

function orphan(result: ResultSlot): Finding {
  return {
    code: 'result-orphan',
    place: result.place,
    path: result.path,
    expected: 'a call before it that it answers, with no model message between them',
    came: `a result of ${label(result)}`,
  }
}

function label(slot: {
  readonly id: string | undefined
  readonly name: string | undefined
}): string {
  return JSON.stringify(slot.id ?? slot.name ?? 'without id')
}
