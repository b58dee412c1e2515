import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { reportCommand } from '../../../harness/commands/report.ts'
import { runCommand, type RunOptions } from '../../../harness/commands/run.ts'
import { keptOutput } from '../../../harness/report/output.ts'
import { stringifyResult } from '../../../harness/report/result/result.ts'
import { notebookProject, pages } from '../fixtures/notebook-project.ts'
import { madeResult } from '../report/made-result.ts'
import { cli } from './cli.ts'

const full = '/dev/full'

describe.skipIf(!existsSync(full))('a report that has no room', () => {
  const project = notebookProject('', { scenarios: [pages] })
  afterAll(() => project.remove())

  /** A directory in which the file of this name takes nothing. */
  function fullAt(directory: string, name: string): string {
    const path = join(project.directory, directory)
    mkdirSync(path)
    symlinkSync(full, join(path, name))
    return path
  }

  async function run(options: Partial<RunOptions>): Promise<{ error: unknown; text: string }> {
    const output = keptOutput()
    const asked = { jobs: 2, seed: 'abc', cases: 2, explore: false, shrink: false, ...options }
    const error: unknown = await runCommand(project, asked, output).catch(
      (reason: unknown) => reason,
    )
    return { error, text: output.lines.join('\n') }
  }

  it.each([['result.json'], ['cases.jsonl']])(
    '%s: the error names it, and the verdict is told all the same',
    async (name) => {
      const out = fullAt(`out-${name}`, name)
      const { error, text } = await run({ out })
      expect(error).toMatchObject({
        code: 'OUTPUT_WRITE',
        message: expect.stringContaining(`${join(out, name)} cannot be written: ENOSPC`),
      })
      expect(text).toMatch(/HOLDS|INCONCLUSIVE|inconclusive/)
      expect(existsSync(join(out, 'result.json'))).toBe(true)
    },
  )

  it('the page: the error names it, the others are written, and the verdict is told', () => {
    const file = join(project.directory, 'made.json')
    writeFileSync(file, stringifyResult(madeResult()))
    const junit = join(project.directory, 'made.xml')
    const html = join(fullAt('page', 'page.html'), 'page.html')
    const output = keptOutput()
    expect(() =>
      reportCommand([file], { html, junit, environment: {} }, project.directory, output),
    ).toThrow(
      expect.objectContaining({ code: 'OUTPUT_WRITE', details: { where: html, errno: 'ENOSPC' } }),
    )
    expect(existsSync(junit)).toBe(true)
    expect(output.lines.join('\n')).toContain('LOST_COMMIT')
  })

  it('is exit code 4, and standard output holds the one value that a machine reads', async () => {
    const file = join(project.directory, 'told.json')
    writeFileSync(file, stringifyResult(madeResult()))
    const junit = join(fullAt('junit', 'j.xml'), 'j.xml')
    const said = await cli(['report', file, '--json', '--junit', junit], project.directory)
    expect(said.code).toBe(4)
    expect(said.stderr).toContain(`${junit} cannot be written: ENOSPC`)
    expect(said.stderr).not.toMatch(/^ +at /m)
    expect(JSON.parse(said.stdout)).toMatchObject({ schema: 'killpoint-result' })
  })
})

describe('a failure beside which nothing can be written', () => {
  it('is told with its verdict, and with what could not be written', async () => {
    const project = notebookProject('forgetful', { scenarios: [pages] })
    const file = join(project.directory, 'file')
    writeFileSync(file, '')
    const output = keptOutput()
    const asked = { jobs: 2, seed: 'abc', cases: 6, explore: false, shrink: false }
    try {
      const [records, artifacts] = [join(file, 'records'), join(file, 'artifacts')]
      const code = await runCommand(
        { ...project, records },
        { ...asked, save: true, artifacts },
        output,
      )
      const text = output.lines.join('\n')
      expect(code).toBe(1)
      expect(text).toMatch(/note +not saved: \S+\/file\/records\/\S+ cannot be written: ENOTDIR/)
      expect(text).toMatch(
        /note +no folder of it, or not the whole: \S+ cannot be written: ENOTDIR/,
      )
      expect(text).toMatch(/npx killpoint replay \S+$/)
    } finally {
      project.remove()
    }
  })
})
