/**
 * The longer checks of the laws.
 */
import type { Journal, JournalRecord } from '../../src/journal.ts'
import type { JsonValue } from '../../src/json.ts'
import { assertCode, assertEqual, assertTrue, bodiesOf, outcomeOf } from './law-asserts.ts'
import type { LawPlace } from './law-subject.ts'

const runId = 'law-run'

export function assertRecords(
  records: readonly JournalRecord[],
  bodies: readonly JsonValue[],
  epoch: number,
): void {
  assertEqual(bodiesOf(records), bodies, 'recovered bodies')
  assertEqual(
    records.map(({ seq }) => seq),
    bodies.map((_, index) => index + 1),
    'seqs',
  )
  assertTrue(
    records.every((record) => record.epoch === epoch),
    'the epoch of each record',
  )
}

export async function checkDamage(
  place: LawPlace,
  batches: readonly (readonly JsonValue[])[],
  drawn: number,
): Promise<void> {
  const { backend } = place.start()
  const expected = ['first', ...batches.flat(), 'last']
  for (const id of ['damaged', 'whole']) {
    const journal = await backend.open(id)
    await journal.append(['first'])
    for (const batch of batches) await journal.append(batch)
    await journal.append(['last'])
    await journal.close()
    // What a later life has sealed can no longer be taken for a torn append.
    const sealer = await backend.open(id)
    await sealer.append(['of the second life'])
    await sealer.close()
  }
  await place.damage?.('damaged', drawn)
  for (const call of [backend.open, backend.read]) {
    const outcome = await outcomeOf<unknown>(call('damaged'))
    assertCode(outcome, ['JOURNAL_CORRUPT'], 'a damaged run')
    const { details } = (outcome as { error: { details: Record<string, unknown> } }).error
    assertEqual(typeof details['file'], 'string', 'the file is told')
    assertEqual(typeof details['offset'], 'number', 'the offset is told')
    assertEqual(typeof details['seq'], 'number', 'the seq is told')
  }
  const salvaged = await backend.salvage?.('damaged')
  assertTrue((salvaged?.leftOut.length ?? 0) > 0, 'salvage says what it left out')
  for (const { seq, body } of salvaged?.records ?? []) {
    assertEqual(body, [...expected, 'of the second life'][seq - 1], `salvaged record ${seq}`)
  }
  const whole = await backend.open('whole')
  assertEqual(bodiesOf(whole.recovered), [...expected, 'of the second life'], 'the other run')
  await whole.close()
}

/** Appends that are looked at from another process, and records in each: enough for a look to fall into the middle of one. */
const lookedAt = { appends: 8, records: 250 }

/** J3 as a reader has it: while an append is under way, all of it or nothing. */
export async function checkBeside(place: LawPlace): Promise<void> {
  const journal = await place.start().backend.open(runId)
  const reader = place.start().backend
  for (let append = 1; append <= lookedAt.appends; append++) {
    const batch = Array.from({ length: lookedAt.records }, (_, index) => [append, index])
    let isUnderWay = true
    const looks: number[] = []
    const look = async (): Promise<void> => {
      while (isUnderWay) {
        const looked = await outcomeOf(reader.read(runId))
        // Whoever is refused because of the append saw nothing of it.
        if (looked.kind === 'value') looks.push(looked.value?.records.length ?? 0)
        // Some backends go on in later turns only.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const appended = outcomeOf(journal.append(batch)).finally(() => (isUnderWay = false))
    const [outcome] = await Promise.all([appended, look()])
    if (outcome.kind === 'error') throw outcome.error
    for (const seen of looks)
      assertEqual(seen % batch.length, 0, `records of append ${append} that a reader saw alone`)
  }
  await journal.close()
}

export async function checkCost(place: LawPlace): Promise<void> {
  const journal = await place.start().backend.open(runId)
  const costs: string[] = []
  for (let length = 0; length < 1000; length++) {
    const before = await place.cost?.()
    await journal.append([{ index: 10_000 + length, text: 'x'.repeat(50) }])
    const after = await place.cost?.()
    const bytes = (after?.bytes ?? 0) - (before?.bytes ?? 0)
    const syncs = (after?.syncs ?? 0) - (before?.syncs ?? 0)
    costs.push(`${roundBytes(bytes)} bytes, ${syncs} syncs`)
  }
  await journal.close()
  assertEqual(median(costs.slice(-100)), median(costs.slice(5, 15)), 'the cost of one append')
}

/** Seqs and counts get longer by a few digits: that is not growth. */
function roundBytes(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}

function median(values: readonly string[]): string | undefined {
  return values.toSorted()[Math.floor(values.length / 2)]
}

export async function checkOpeners(
  place: LawPlace,
  takeovers: readonly ('if-dead' | 'always')[],
): Promise<void> {
  const outcomes = await Promise.all(
    takeovers.map((takeover, index) =>
      outcomeOf(place.start().backend.open(runId, { owner: `opener ${index}`, takeover })),
    ),
  )
  const opened: Journal[] = []
  for (const outcome of outcomes) {
    if (outcome.kind === 'value') opened.push(outcome.value)
    else assertCode(outcome, ['RUN_OWNED'], 'an opener that lost')
  }
  assertTrue(opened.length > 0, 'somebody owns the run')
  const appended = await Promise.all(opened.map((journal) => outcomeOf(journal.append(['mine']))))
  const owners = appended.filter(({ kind }) => kind === 'value')
  assertEqual(owners.length, 1, 'openers that could append')
  for (const outcome of appended) {
    if (outcome.kind === 'error') assertCode(outcome, ['FENCED'], 'an opener that was robbed')
  }
  const image = await place.start().backend.read(runId)
  assertEqual(bodiesOf(image?.records), ['mine'], 'records')
}
