import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { runCommand, type RunOptions } from '../../../harness/commands/run.ts'
import { replayCommand } from '../../../harness/commands/replay.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import type { System } from '../../../harness/system.ts'
import { notebookProject, pages } from '../fixtures/notebook-project.ts'
import { threeSteps, toy } from '../live/toy.ts'
import { cli } from './cli.ts'

let project: ReturnType<typeof notebookProject>
afterEach(() => project.remove())

async function run(
  system: System,
  options: Partial<RunOptions> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  const scenario = { ...pages, workload: fc.constant(threeSteps), sometimes: [] }
  project = notebookProject('', { systems: [system], scenarios: [scenario] })
  const output = keptOutput()
  const asked = { jobs: 2, seed: 'abc', cases: 2, shrink: false, ...options }
  const code = await runCommand(project, asked, output)
  return { code, text: output.lines.join('\n') }
}

describe('a system that cannot be put together', () => {
  it('a system without a function that it claims is named before anything runs', async () => {
    const backend = join(import.meta.dirname, 'cli.ts')
    const entry = join(import.meta.dirname, '../../../harness/systems/reference/worker.ts')
    const modules = { 'killpoint:backend': backend }
    const program = { kind: 'script', entry, modules } as const
    await expect(run({ ...toy(), program })).rejects.toThrow(/cli\.ts.*createBackend/)
  })
})

describe('what a person hands over', () => {
  it('a configuration that is none is told everything that is wrong with it', async () => {
    project = notebookProject()
    const system = "{ kind: 'runtime', name: '', claims: ['magic'], takeoverMsMax: -1 }"
    const path = join(project.directory, 'killpoint.config.mjs')
    writeFileSync(path, `export default { systems: [${system}] }\n`)
    const ran = await cli(['run'], project.directory)
    expect(ran.code).toBe(3)
    expect(ran.stdout).toBe('')
    for (const wrong of ['name ""', 'claim "magic" is unknown', 'takeoverMsMax -1'])
      expect(ran.stderr).toContain(wrong)
  })

  it('all that is wrong with systems and scenarios is told at once, each with its place', async () => {
    project = notebookProject()
    const path = join(project.directory, 'killpoint.config.mjs')
    const program = "{ kind: 'script', entry: 'worker.ts' }"
    const system = `{ kind: 'runtime', name: 'a', claims: [], takeoverMsMax: 0, program: ${program} }`
    const scenario = `{ name: 'orders', title: 'x', needs: [], workload: { generate() {} }, faults: [],
      sometimes: [], livesMax: 4 }`
    writeFileSync(
      path,
      `const system = ${system}
       const scenario = ${scenario}
       export default {
         sceanrios: [],
         cases: 0,
         systems: [system, system, { ...system, name: 'b', progam: 1, program: null }, null],
         scenarios: [scenario, scenario,
           { ...scenario, name: 'Not Kebab', needs: ['zzz'], livesMax: 0, workload: null, fault: [] },
           { ...scenario, name: 'c', faults: [{ name: 'f' }], sometimes: [{ happened: true, name: 's' }] }],
       }`,
    )
    const ran = await cli(['list', '--json'], project.directory)
    expect(ran.code).toBe(3)
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'CONFIG_INVALID' } })
    for (const wrong of [
      'sceanrios is unknown; known are systems, scenarios, corpus, cases, workloads',
      'cases: expected a whole number from 1, found 0',
      'systems: two are named "a"',
      'systems[2] "b": progam is unknown; known are',
      'systems[2] "b": program: expected an object, found null',
      'systems[3]: expected an object, found null',
      'scenarios: two are named "orders"',
      'scenarios[2] "Not Kebab": name: expected kebab-case',
      'scenarios[2] "Not Kebab": needs: expected a list of claims (process, power,',
      'scenarios[2] "Not Kebab": livesMax: expected a whole number from 1, found 0',
      'scenarios[2] "Not Kebab": workload: expected a fast-check arbitrary, found null',
      'scenarios[2] "Not Kebab": fault is unknown',
      'scenarios[3] "c": faults[0] "f": draw: expected a function, found undefined',
      'scenarios[3] "c": sometimes[0] "s": happened: expected a function, found true',
    ])
      expect(ran.stderr).toContain(wrong)
  })

  it.each([
    ['process.exit(0)', 'it called process.exit(0) while it was loaded'],
    ['try { process.exit(0) } catch {}', 'it called process.exit(0) while it was loaded'],
    ['await new Promise(() => {})', 'it waits at its top level (await) for what never comes'],
    ['throw null', 'it threw null'],
    ["throw new Error('boom')", 'Error: boom'],
    ["import 'nope-x'", "Cannot find package 'nope-x'"],
  ])('a configuration that does %s is told so, and is no pass', async (code, why) => {
    project = notebookProject()
    const path = join(project.directory, 'killpoint.config.mjs')
    writeFileSync(path, `${code}\nexport default {}\n`)
    const ran = await cli(['list', '--json'], project.directory)
    expect(ran.code).toBe(3)
    expect(ran.stderr).toContain(`${path} cannot be loaded: `)
    expect(ran.stderr).toContain(why)
    expect(ran.stderr).toContain('hint: ')
    expect(ran.stderr).not.toMatch(/^ +at /m)
    expect(JSON.parse(ran.stdout)).toMatchObject({ exitCode: 3, error: { code: 'CONFIG_INVALID' } })
  })

  it.each([
    ['process.exit(0)', 'it called process.exit(0) while it was loaded'],
    ['await new Promise(() => {})', 'it waits at its top level (await) for what never comes'],
    ['throw null', 'null'],
  ])('a module to be validated that does %s is told so, and is no pass', async (code, why) => {
    project = notebookProject()
    writeFileSync(join(project.directory, 'mine.mjs'), `${code}\nexport default {}\n`)
    const ran = await cli(['validate', './mine.mjs'], project.directory)
    expect(ran.code).toBe(3)
    expect(ran.stderr).toContain(`it cannot be loaded: ${why}`)
  })

  it('a command that code of the user ends in the middle is no pass', async () => {
    project = notebookProject()
    const path = join(project.directory, 'killpoint.config.mjs')
    const system = `{ kind: 'runtime', name: 'a', claims: ['process'], takeoverMsMax: 0,
      program: { kind: 'script', get entry() { process.exit(0) } } }`
    writeFileSync(path, `export default { systems: [${system}] }\n`)
    const ran = await cli(['run', '--no-explore', '--seed', 'abc'], project.directory)
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain('this process ended before its command did')
  })

  it('a token of another version is refused with the versions that are read', async () => {
    project = notebookProject()
    await expect(
      replayCommand(project, 'kp2:pages:notebook:abc:posix:-', { times: 1 }, keptOutput()),
    ).rejects.toThrow(/of version kp2; this build reads kp1\n.*hint: use the killpoint version/s)
  })

  it('a saved case of another version is refused, naming the file', async () => {
    project = notebookProject()
    mkdirSync(project.corpus, { recursive: true })
    const old = { schema: 'killpoint-case', version: 0 }
    writeFileSync(join(project.corpus, 'old.json'), JSON.stringify(old))
    const ran = runCommand(project, { jobs: 2, seed: 'abc' }, keptOutput())
    await expect(ran).rejects.toMatchObject({
      code: 'CASE_VERSION',
      message: expect.stringMatching(/old\.json is a saved case of version 0; this build reads/),
    })
  })

  it('a directory for cases that cannot be one is a fault of the harness, not of the system', async () => {
    project = notebookProject()
    const file = join(project.directory, 'file')
    writeFileSync(file, '')
    await expect(run(toy(), { scratch: join(file, 'below') })).rejects.toThrow(
      /the harness cannot use its own directory .*: ENOTDIR\n.*hint: free some room, or point --scratch/s,
    )
  })
})
