/**
 * Arbitrary programs under what others do to them: cancels of the run and of its children, stops, at any op of any life.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isWithin } from '../../../src/keys.ts'
import { checkCourse } from './checks.ts'
import { runCase, type Course, type OutsideAct } from './lives.ts'
import { everything, partsOf, programs, type Program } from './program.ts'

const seed = 20_240_602
const worlds = fc.integer({ min: 0, max: 1_000_000 })
const ops = fc.integer({ min: 1, max: 30 })
const deaths = fc.array(ops, { maxLength: 3 })

/** From the cancel's acknowledgement on, nothing of what it covers begins. */
function checkCancelled(course: Course, path: string): void {
  const from = course.ledger.findIndex(
    (entry) => entry.mark === 'acted' && entry.what === `cancel ${path}`,
  )
  if (from === -1) return
  const later = course.ledger
    .slice(from)
    .filter(
      (entry) => (entry.mark === 'begin' || entry.mark === 'child') && isWithin(entry.key, path),
    )
  expect(later).toEqual([])
}

it('a cancel of the run: nothing begins after it, and it ends the run unless the end came first', async () => {
  await fc.assert(
    fc.asyncProperty(
      programs(everything),
      worlds,
      ops,
      deaths,
      async (program, world, atOp, lives) => {
        const course = await runCase({
          program,
          seed: world,
          deaths: lives,
          acts: [{ atOp, what: { cancel: '' } }],
        })
        checkCourse(program, course)
        checkCancelled(course, '')
        const acted = course.ledger.some(
          (entry) => entry.mark === 'acted' && entry.what === 'cancel ',
        )
        expect(course.end).toBeDefined()
        if (!acted) expect(course.end?.status).not.toBe('cancelled')
      },
    ),
    { seed, numRuns: 400 },
  )
})

it('a cancel of the run at every op of one life, and then killed right after it', async () => {
  await fc.assert(
    fc.asyncProperty(programs(everything), worlds, async (program, world) => {
      const {
        ops: [length = 0],
      } = await runCase({ program, seed: world, deaths: [] })
      for (let atOp = 1; atOp <= length; atOp++) {
        const course = await runCase({
          program,
          seed: world,
          deaths: [atOp + 1],
          acts: [{ atOp, what: { cancel: '' } }],
        })
        checkCourse(program, course)
        checkCancelled(course, '')
      }
    }),
    { seed, numRuns: 30 },
  )
})

it('a cancel of a child covers what is below it, and no more', async () => {
  await fc.assert(
    fc.asyncProperty(
      programs(everything),
      worlds,
      ops,
      deaths,
      async (program, world, atOp, lives) => {
        const paths = childrenOf(program)
        fc.pre(paths.length > 0)
        const path = paths[world % paths.length] ?? ''
        const course = await runCase({
          program,
          seed: world,
          deaths: lives,
          acts: [{ atOp, what: { cancel: path } }],
        })
        checkCourse(program, course)
        checkCancelled(course, path)
        expect(course.end?.status).not.toBe('cancelled')
      },
    ),
    { seed, numRuns: 300 },
  )
})

/** Keys of children that are spawned by the root driver itself. */
function childrenOf({ root }: Program): readonly string[] {
  return partsOf(root).flatMap((part) => {
    if (part.kind === 'child' || part.kind === 'cancelled') return [part.id]
    return part.kind === 'group' ? part.of.map((_, index) => `${part.id}.${index}`) : []
  })
}

it('a stop at any op: nothing of it is recorded as a result, and the run goes on where it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      programs(everything),
      worlds,
      fc.array(ops, { minLength: 1, maxLength: 4 }),
      async (program, world, stops) => {
        const acts: readonly OutsideAct[] = stops.map((atOp) => ({ atOp, what: 'stop' }))
        const course = await runCase({ program, seed: world, deaths: [], acts })
        checkCourse(program, course)
        expect(course.end).toBeDefined()
        expect(course.lives.slice(0, -1).filter((life) => life !== 'STOPPED')).toEqual([])
        for (const { body } of course.records) expect(JSON.stringify(body)).not.toContain('STOPPED')
      },
    ),
    { seed, numRuns: 300 },
  )
})

it('a stop never leaves a once effect in doubt', async () => {
  await fc.assert(
    fc.asyncProperty(
      programs(everything),
      worlds,
      fc.array(ops, { minLength: 1, maxLength: 4 }),
      async (program, world, stops) => {
        const course = await runCase({
          program,
          seed: world,
          deaths: [],
          acts: stops.map((atOp) => ({ atOp, what: 'stop' as const })),
        })
        expect(
          course.records.filter(({ body }) => (body as { status?: string }).status === 'unknown'),
        ).toEqual([])
      },
    ),
    { seed: seed + 1, numRuns: 200 },
  )
})
