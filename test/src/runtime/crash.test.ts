/**
 * Arbitrary programs, killed at every op of their life, and again in the lives that follow, with other latencies in each.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkCourse } from './checks.ts'
import { runCase, type Course } from './lives.ts'
import { deterministic, everything, programs, type Program } from './program.ts'

const seed = 20_240_601
const worlds = fc.integer({ min: 0, max: 1_000_000 })

/** Every life but the last died, the last came to the end of the run. */
function checkLives(course: Course): void {
  expect(course.end).toBeDefined()
  expect(course.lives.slice(0, -1).filter((life) => life !== 'died')).toEqual([])
}

async function control(program: Program, world: number): Promise<Course> {
  const course = await runCase({ program, seed: world, deaths: [] })
  checkCourse(program, course)
  expect(course.lives).toHaveLength(1)
  return course
}

it('killed at any op, a run ends, and nothing that was committed is done again', async () => {
  await fc.assert(
    fc.asyncProperty(programs(everything), worlds, async (program, world) => {
      const { ops } = await control(program, world)
      for (let op = 1; op <= (ops[0] ?? 0); op++) {
        const course = await runCase({ program, seed: world, deaths: [op] })
        checkCourse(program, course)
        checkLives(course)
      }
    }),
    { seed, numRuns: 60 },
  )
})

it('killed again in the lives that follow, at any op, the same', async () => {
  const deaths = fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 2, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(programs(everything), worlds, deaths, async (program, world, ops) => {
      const course = await runCase({ program, seed: world, deaths: ops })
      checkCourse(program, course)
      checkLives(course)
    }),
    { seed, numRuns: 600 },
  )
})

it('a program that can end in one way only ends so, wherever it is killed', async () => {
  await fc.assert(
    fc.asyncProperty(programs(deterministic), worlds, async (program, world) => {
      const { ops, end } = await control(program, world)
      for (let op = 1; op <= (ops[0] ?? 0); op++) {
        const course = await runCase({
          program,
          seed: world + op,
          deaths: [op, 1 + (op % 7), 4 + (op % 3)],
        })
        checkCourse(program, course)
        expect(course.end).toEqual(end)
      }
    }),
    { seed, numRuns: 40 },
  )
})

it('a run that ended gives the same again, and does nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      programs(everything),
      worlds,
      fc.integer({ min: 1, max: 25 }),
      async (program, world, op) => {
        const course = await runCase({ program, seed: world, deaths: [op], again: true })
        checkCourse(program, course)
        expect(course.again).toEqual({ end: course.end, wrote: 0, did: 0 })
      },
    ),
    { seed, numRuns: 100 },
  )
})
