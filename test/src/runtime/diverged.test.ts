/**
 * Arbitrary programs that are resumed as another program: found out or none the worse, and never a hang.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkCourse } from './checks.ts'
import { runCase } from './lives.ts'
import { everything, programs, type Part, type Program } from './program.ts'

const seed = 20_240_603
const worlds = fc.integer({ min: 0, max: 1_000_000 })

type Change = (part: Part) => Part

const changes: Readonly<Record<string, Change>> = {
  'a unit is renamed': (part) => ('id' in part ? { ...part, id: `${part.id}x` } : part),
  'a unit is added before the rest': (part) =>
    part.kind === 'sequence' || part.kind === 'parallel'
      ? { ...part, of: [extra, ...part.of] }
      : part,
  'a unit is removed': (part) =>
    (part.kind === 'sequence' || part.kind === 'parallel') && part.of.length > 1
      ? { ...part, of: part.of.slice(1) }
      : part,
  'two units change places': (part) =>
    part.kind === 'sequence' ? { ...part, of: [...part.of].reverse() } : part,
  'a step becomes a timer': (part) =>
    part.kind === 'step' ? { kind: 'timer', id: part.id, ms: 5 } : part,
  'a loop becomes a child': (part) =>
    part.kind === 'loop' ? { kind: 'child', id: part.id, of: part.of } : part,
  'a strand becomes a sequence': (part) =>
    part.kind === 'parallel' ? { ...part, kind: 'sequence' } : part,
}

const extra: Part = {
  kind: 'step',
  id: 'extra',
  effect: 'once',
  fails: 0,
  attempts: 1,
  cost: 0,
  waits: 1,
}

/** Changes the `nth` part to which the change applies. */
function changed({ root, ...program }: Program, change: Change, nth: number): Program {
  let left = nth
  const visit = (part: Part): Part => {
    const came = change(part)
    if (came !== part && left-- === 0) return came
    // Its members are steps by their type.
    if (part.kind === 'race') return part
    if (!('of' in part)) return part
    if (Array.isArray(part.of))
      return { ...part, of: (part.of as readonly Part[]).map(visit) } as Part
    return { ...part, of: visit(part.of as Part) } as Part
  }
  return { ...program, root: visit(root) }
}

it.each(Object.entries(changes))('%s: found out, or none the worse', async (_, change) => {
  let diverged = 0
  await fc.assert(
    fc.asyncProperty(
      programs(everything),
      worlds,
      fc.integer({ min: 2, max: 30 }),
      fc.nat({ max: 2 }),
      async (program, world, op, nth) => {
        const other = changed(program, change, nth)
        const before = await runCase({ program, seed: world, deaths: [op], livesMax: 1 })
        const course = await runCase({
          program,
          seed: world,
          deaths: [op],
          later: other,
          livesMax: 2,
        })
        const [, second] = course.lives
        if (second === 'DRIVER_DIVERGED') {
          diverged += 1
          // What was recorded is as it was, but for what went on in scopes that had not diverged.
          expect(course.records.slice(0, before.records.length)).toEqual(before.records)
          expect(course.end).toBeUndefined()
          expect(
            course.ledger.filter((entry) => entry.mark === 'begin' && entry.key.endsWith('extra')),
          ).toEqual([])
        } else if (course.lives.length === 2) {
          expect(course.end).toBeDefined()
          checkCourse(other, course)
        }
      },
    ),
    { seed, numRuns: 150 },
  )
  expect(diverged).toBeGreaterThan(0)
})
