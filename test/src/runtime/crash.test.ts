import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkCourse } from './checks.ts'
import { runCase } from './lives.ts'
import { deterministic, everything, programs } from './program.ts'

const seed = Number(process.env['S'] ?? 20_240_601)
const numbers = fc.integer({ min: 0, max: 1_000_000 })

it('smoke', async () => {
  await fc.assert(
    fc.asyncProperty(programs(everything), numbers, async (program, world) => {
      const course = await runCase({ program, seed: world, deaths: [] })
      checkCourse(program, course)
      expect(course.lives.length).toBe(1)
    }),
    { seed, numRuns: 300 },
  )
})

it('crash at every op', async () => {
  await fc.assert(
    fc.asyncProperty(programs(everything), numbers, async (program, world) => {
      const control = await runCase({ program, seed: world, deaths: [] })
      for (let op = 1; op <= (control.ops[0] ?? 0); op++) {
        const course = await runCase({ program, seed: world, deaths: [op] })
        checkCourse(program, course)
        expect(course.lives.slice(0, -1).every((life) => life === 'died')).toBe(true)
        expect(course.end).toBeDefined()
      }
    }),
    { seed, numRuns: 60 },
  )
})

it('deterministic crash', async () => {
  await fc.assert(
    fc.asyncProperty(programs(deterministic), numbers, async (program, world) => {
      const control = await runCase({ program, seed: world, deaths: [] })
      for (let op = 1; op <= (control.ops[0] ?? 0); op++) {
        const course = await runCase({
          program,
          seed: world,
          deaths: [op, (op % 7) + 1, (op % 3) + 4],
        })
        checkCourse(program, course)
        expect(course.end).toEqual(control.end)
      }
    }),
    { seed, numRuns: 60 },
  )
})
