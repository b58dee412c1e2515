import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { build, buildNativeHooks } from '../../../harness/native/build.ts'
import { scratch } from './run-native.ts'
import { hooks } from './run-native.ts'

describe('native hooks: build', () => {
  it.runIf(process.platform === 'linux')('says which compiler is not there', async () => {
    const temporary = process.env['TMPDIR']
    process.env['TMPDIR'] = scratch()
    try {
      expect(await build('no-such-compiler')).toEqual({
        kind: 'missing',
        why: 'there is no C compiler `no-such-compiler` (install gcc, or name one in CC)',
      })
      expect(await build('false')).toMatchObject({
        kind: 'missing',
        why: expect.stringMatching(/^false cannot build them: /) as unknown,
      })
    } finally {
      if (temporary === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = temporary
    }
  })

  it.runIf(hooks.kind === 'built')('builds once, and finds what was built', async () => {
    expect(await buildNativeHooks()).toEqual(hooks)
    expect(hooks.kind === 'built' && existsSync(hooks.library)).toBe(true)
    // What is there needs no compiler.
    expect(await build('no-such-compiler')).toEqual(hooks)
  })
})
