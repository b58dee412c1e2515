/**
 * The laws J1 to J11 of `src/journal.ts`, as checks that any backend can be put through.
 *
 * Each law throws what is wrong, or returns; `harness/conformance.ts` is the door to them for a test runner. The model is a plain array of bodies: see `model-run.ts`.
 */
import fc from 'fast-check'
import type { OpenOptions, RecordBody } from '../../src/journal.ts'
import type { JsonValue } from '../../src/json.ts'
import { assertCode, assertEqual, assertTrue, bodiesOf, outcomeOf } from './law-asserts.ts'
import type { Ability, LawPlace, LawSubject } from './law-subject.ts'
import { assertRecords, checkBeside, checkCost, checkDamage, checkOpeners } from './law-checks.ts'
import {
  badBodies,
  badOpenOptions,
  badRunIds,
  batchesArbitrary,
  openersArbitrary,
} from './law-inputs.ts'
import { playArbitrary, playOut } from './model-run.ts'

export interface JournalLaw {
  /** J1 to J11, as in `src/journal.ts`. */
  readonly id: string
  /** A fact. */
  readonly title: string
  readonly needs: readonly Ability[]
  /** True where it speaks of power loss, which a backend claims or not. */
  readonly isOfPower?: true
  readonly check: (subject: LawSubject, effort: LawEffort) => Promise<void>
}

export interface LawEffort {
  /** How many random cases of each property. */
  readonly runs: number
  /** Without it, fast-check draws one and prints it when a property fails. */
  readonly seed?: number
}

const runId = 'law-run'

export const journalLaws: readonly JournalLaw[] = [
  law(
    'J1 J2 J3',
    'any JSON comes back exactly, in order, batch by batch',
    [],
    async (place, batches) => {
      const journal = await place.start().backend.open(runId)
      for (const batch of batches) await journal.append(batch)
      await journal.close()
      const image = await place.start().backend.read(runId)
      assertEqual(bodiesOf(image?.records), batches.flat(), 'a reader in another process')
      assertEqual(image?.undecided, 0, 'undecided after an orderly close')
      const next = await place.start().backend.open(runId)
      assertRecords(next.recovered, batches.flat(), journal.epoch)
      await next.close()
    },
  ),

  law(
    'J1',
    'what was acknowledged is there after the process died',
    ['kill'],
    async (place, batches) => {
      const process = place.start()
      const journal = await process.backend.open(runId)
      for (const batch of batches) await journal.append(batch)
      process.kill?.()
      const next = await place.start().backend.open(runId)
      assertRecords(next.recovered, batches.flat(), journal.epoch)
    },
  ),

  ofPower(
    'J1',
    'what was acknowledged is there after power loss',
    ['lose-power'],
    async (place, batches) => {
      const journal = await place.start().backend.open(runId)
      for (const batch of batches) await journal.append(batch)
      place.losePower?.(() => false)
      const next = await place.start().backend.open(runId)
      assertRecords(next.recovered, batches.flat(), journal.epoch)
    },
  ),

  ofPower(
    'J1',
    'an append is synced before it is acknowledged, where power loss is claimed',
    ['syncs'],
    async (place) => {
      const { backend } = place.start()
      if (backend.durability !== 'power') return
      const journal = await backend.open(runId)
      for (let append = 1; append <= 5; append++) {
        const before = await place.cost?.()
        await journal.append([append])
        const after = await place.cost?.()
        const syncs = (after?.syncs ?? 0) - (before?.syncs ?? 0)
        assertTrue(syncs >= 1, `append ${append} was synced before it was acknowledged`)
      }
      await journal.close()
    },
  ),

  {
    id: 'J1 J2 J3 J4 J5 J9 J11',
    title: 'lives that open, append, close, die and rob each other agree with a plain array',
    needs: [],
    check: (subject, effort) =>
      assertProperty(playArbitrary, effort, (moves) =>
        withPlace(subject, (place) => playOut(place, moves)),
      ),
  },

  law(
    'J2',
    'overlapping appends commit in call order, with rising seqs',
    [],
    async (place, batches) => {
      const journal = await place.start().backend.open(runId)
      const seqs = await Promise.all(batches.map((batch) => journal.append(batch)))
      let expected = 0
      assertEqual(
        seqs,
        batches.map((batch) => (expected += batch.length)),
        'seqs',
      )
      await journal.close()
      const image = await place.start().backend.read(runId)
      assertEqual(bodiesOf(image?.records), batches.flat(), 'records')
    },
  ),

  law('J2', 'what was appended is not shared with the caller', [], async (place) => {
    const backend = place.start().backend
    const journal = await backend.open(runId)
    const body = { list: [1], text: 'before' }
    const appended = journal.append([body])
    body.list.push(2)
    body.text = 'after'
    await appended
    await journal.close()
    const image = await backend.read(runId)
    assertEqual(bodiesOf(image?.records), [{ list: [1], text: 'before' }], 'records')
  }),

  law('J3', 'an append of which one body is refused leaves nothing', [], async (place) => {
    const journal = await place.start().backend.open(runId)
    for (const bad of badBodies) {
      const outcome = await outcomeOf(journal.append(['good', bad as RecordBody]))
      assertCode(outcome, ['NOT_JSON'], `append of ${String(bad)}`)
    }
    assertEqual(await journal.append(['kept']), 1, 'seq after refusals')
    assertEqual(await journal.append([]), 1, 'seq of an empty append')
    await journal.close()
    const image = await place.start().backend.read(runId)
    assertEqual(bodiesOf(image?.records), ['kept'], 'records')
  }),

  {
    id: 'J3',
    title: 'a reader beside an append sees all of it or nothing',
    needs: [],
    check: (subject) => withPlace(subject, checkBeside),
  },

  law(
    'J3 J6',
    'an append that fails in the middle leaves all of it or nothing',
    ['fail'],
    async (place) => {
      for (let write = 1; write <= 4; write++) {
        const id = `${runId}-${write}`
        const process = place.start()
        const journal = await process.backend.open(id)
        await journal.append(['kept'])
        process.failNext?.('write', write)
        const outcome = await outcomeOf(journal.append(['a', 'b', 'c']))
        const next = await place.start().backend.open(id, { takeover: 'always' })
        const found = bodiesOf(next.recovered)
        const whole = outcome.kind === 'value' || found.length > 1
        assertEqual(
          found,
          whole ? ['kept', 'a', 'b', 'c'] : ['kept'],
          `after write ${write} failed`,
        )
      }
    },
  ),

  law(
    'J5',
    'a fenced life acknowledges nothing, shows nothing and disturbs nothing',
    [],
    async (place, batches) => {
      const zombie = await place.start().backend.open(runId)
      await zombie.append(['early'])
      const owner = await place.start().backend.open(runId, { takeover: 'always' })
      assertTrue(owner.epoch > zombie.epoch, 'the newer epoch is higher')
      for (const batch of batches) {
        const late = batch.map(() => 'late')
        assertCode(await outcomeOf(zombie.append(late)), ['FENCED'], 'the append of a zombie')
        await owner.append(batch)
      }
      await zombie.close()
      await owner.append(['end'])
      await owner.close()
      const next = await place.start().backend.open(runId)
      assertEqual(bodiesOf(next.recovered), ['early', ...batches.flat(), 'end'], 'records')
      await next.close()
    },
  ),

  ...(['write', 'sync'] as const).map((what) =>
    law(
      'J6',
      `after a failed ${what} every append rejects with the first cause`,
      ['fail'],
      async (place) => {
        const process = place.start()
        const journal = await process.backend.open(runId)
        await journal.append(['kept'])
        process.failNext?.(what)
        const first = await outcomeOf(journal.append(['lost']))
        assertCode(first, ['STORAGE'], 'the append that fails')
        for (let attempt = 1; attempt <= 3; attempt++) {
          const later = await outcomeOf(journal.append([attempt]))
          assertCode(later, ['JOURNAL_POISONED'], 'a later append')
          const cause = later.kind === 'error' ? (later.error as Error).cause : undefined
          assertTrue(
            first.kind === 'error' && cause === first.error,
            'the cause is the first failure',
          )
        }
        await journal.close()
        const next = await process.backend.open(runId)
        const bodies = bodiesOf(next.recovered)
        const expected = bodies.length === 1 ? ['kept'] : ['kept', 'lost']
        assertEqual(bodies, expected, 'what the next life recovers')
        await next.append(['on'])
        await next.close()
      },
    ),
  ),

  law(
    'J7',
    'a run that does not exist is not an error, and reading makes none',
    [],
    async (place) => {
      const { backend } = place.start()
      assertEqual(await backend.read('nobody'), undefined, 'read')
      assertEqual(await backend.read('nobody'), undefined, 'read again')
      if (backend.salvage !== undefined) {
        assertEqual(await backend.salvage('nobody'), undefined, 'salvage')
      }
    },
  ),

  {
    id: 'J7 J8',
    title: 'damage is told with file, offset and seq, and touches no other run',
    needs: ['damage', 'salvage'],
    check: (subject, effort) =>
      assertProperty(fc.tuple(batchesArbitrary, fc.nat()), effort, ([batches, drawn]) =>
        withPlace(subject, (place) => checkDamage(place, batches, drawn)),
      ),
  },

  law('J8', 'runs share nothing, and all are listed', ['list'], async (place, batches) => {
    const { backend } = place.start()
    const ids = ['a', 'A', 'a.b', 'b:1', 'b-1']
    const journals = await Promise.all(ids.map((id) => backend.open(id)))
    for (const batch of batches) {
      await Promise.all(journals.map((journal) => journal.append([journal.runId, ...batch])))
    }
    await Promise.all(journals.map((journal) => journal.close()))
    const listed: string[] = []
    for await (const summary of backend.list?.() ?? []) listed.push(summary.runId)
    assertEqual(listed.sort(), ids.sort(), 'listed')
    for (const id of ids) {
      const image = await backend.read(id)
      const expected = batches.flatMap((batch) => [id, ...batch])
      assertEqual(bodiesOf(image?.records), expected, `records of ${id}`)
    }
  }),

  law('J9', 'opening again and again changes nothing', [], async (place, batches) => {
    const journal = await place.start().backend.open(runId)
    for (const batch of batches) await journal.append(batch)
    for (let life = 0; life < 5; life++) {
      const next = await place.start().backend.open(runId, { takeover: 'always' })
      assertEqual(bodiesOf(next.recovered), batches.flat(), `records of life ${life + 2}`)
      assertEqual(next.lives.length, life + 1, 'lives')
    }
  }),

  {
    id: 'J10',
    title: 'an append costs the same bytes and syncs in a run of 10 records and of 1000',
    needs: ['cost'],
    check: (subject) => withPlace(subject, checkCost),
  },

  law('J11', 'a live owner is not robbed, and is named', [], async (place) => {
    const owner = await place.start().backend.open(runId, { owner: 'the owner' })
    const other = place.start().backend
    for (const takeover of ['never', 'if-dead'] as const) {
      const outcome = await outcomeOf(other.open(runId, { owner: 'thief', takeover }))
      assertCode(outcome, ['RUN_OWNED'], `open with ${takeover}`)
      const text = outcome.kind === 'error' ? String(outcome.error) : ''
      assertTrue(text.includes('the owner'), `the owner is named in: ${text}`)
    }
    await owner.append(['still mine'])
    await owner.close()
    const next = await other.open(runId, { takeover: 'never' })
    assertEqual(
      next.lives.map(({ ended }) => ended),
      ['closed'],
      'how the first life ended',
    )
    assertEqual(
      next.lives.map(({ owner }) => owner),
      ['the owner'],
      'whose it was',
    )
    await next.close()
  }),

  law(
    'J11',
    'a dead owner is replaced, but not by one who never takes over',
    ['kill'],
    async (place) => {
      const process = place.start()
      await process.backend.open(runId)
      process.kill?.()
      const other = place.start().backend
      const never = await outcomeOf(other.open(runId, { takeover: 'never' }))
      assertCode(never, ['RUN_OWNED'], 'open with never')
      const next = await other.open(runId)
      assertEqual(
        next.lives.map(({ ended }) => ended),
        ['died'],
        'how the first life ended',
      )
    },
  ),

  {
    id: 'J11',
    title: 'of many openers at once, one ends up owning',
    needs: [],
    check: (subject, effort) =>
      assertProperty(openersArbitrary, effort, (takeovers) =>
        withPlace(subject, (place) => checkOpeners(place, takeovers)),
      ),
  },

  law(
    'closing',
    'close waits for appends, works twice, and refuses what comes later',
    [],
    async (place) => {
      const journal = await place.start().backend.open(runId)
      const appended = journal.append(['a'])
      await Promise.all([journal.close(), journal.close()])
      assertEqual(await appended, 1, 'the append under way')
      assertCode(await outcomeOf(journal.append(['b'])), ['CLOSED'], 'an append after close')
      assertCode(await outcomeOf(journal.append([])), ['CLOSED'], 'an empty append after close')
    },
  ),

  law('open options', 'what is not an owner or a takeover is refused', [], async (place) => {
    const { backend } = place.start()
    for (const bad of badOpenOptions) {
      const outcome = await outcomeOf(backend.open(runId, bad as OpenOptions))
      assertCode(outcome, ['INVALID_ARGUMENT'], JSON.stringify(bad).slice(0, 60))
    }
    assertEqual(await backend.read(runId), undefined, 'a run that nobody opened')
  }),

  law('run ids', 'what cannot name a run is refused by every call', [], async (place) => {
    const { backend } = place.start()
    for (const bad of badRunIds) {
      for (const call of [backend.open, backend.read, backend.salvage]) {
        if (call === undefined) continue
        assertCode(await outcomeOf<unknown>(call(bad)), ['INVALID_ARGUMENT'], JSON.stringify(bad))
      }
    }
  }),
]

function law(
  id: string,
  title: string,
  needs: readonly Ability[],
  check: (place: LawPlace, batches: readonly (readonly JsonValue[])[]) => Promise<void>,
): JournalLaw {
  // A law that takes no batches has one case.
  const once = check.length < 2
  return {
    id,
    title,
    needs,
    check: (subject, effort) =>
      assertProperty(batchesArbitrary, once ? { ...effort, runs: 1 } : effort, (batches) =>
        withPlace(subject, (place) => check(place, batches)),
      ),
  }
}

function ofPower(...parts: Parameters<typeof law>): JournalLaw {
  return { ...law(...parts), isOfPower: true }
}

async function assertProperty<T>(
  arbitrary: fc.Arbitrary<T>,
  { runs, seed }: LawEffort,
  check: (drawn: T) => Promise<void>,
): Promise<void> {
  const parameters = seed === undefined ? { numRuns: runs } : { numRuns: runs, seed }
  await fc.assert(fc.asyncProperty(arbitrary, check), parameters)
}

async function withPlace<T>(
  subject: LawSubject,
  check: (place: LawPlace) => Promise<T>,
): Promise<T> {
  const place = await subject.place()
  try {
    return await check(place)
  } finally {
    await place.dispose()
  }
}
