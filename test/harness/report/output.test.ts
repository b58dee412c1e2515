import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { cli } from '../commands/cli.ts'

it.each([{}, { CI: '1' }])(
  'off a terminal a command says plain lines, under %o too',
  async (environment) => {
    const ran = await cli(['doctor'], process.cwd(), environment)
    expect(ran.code).toBe(0)
    expect(ran.stdout).toBe(stripVTControlCharacters(ran.stdout))
  },
)
