/** What is tried before a host counts as one: the library and strace each kill a small program, and the evidence is looked at. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tryNativeHooks } from '../../../harness/native/self-test.ts'
import { tryStrace } from '../../../harness/native/strace-host.ts'
import { hooks, scratch, whyNot } from './run-native.ts'
import { whyNoStrace } from './run-strace.ts'

/** A strace that is a shell script. */
function strace(text: string): string {
  const file = join(scratch(), 'strace')
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

describe.runIf(process.platform === 'linux')('what this host can strike with', () => {
  it('a strace that is not there is told', async () => {
    expect(await tryStrace('no-such-strace')).toEqual({
      kind: 'missing',
      why: 'there is no no-such-strace (install it)',
    })
  })

  it('a strace that may not trace says why, in its own words', async () => {
    const file = strace(
      'echo "strace: ptrace(PTRACE_TRACEME): Operation not permitted" >&2; exit 1',
    )
    expect(await tryStrace(file)).toEqual({
      kind: 'missing',
      why: `${file} ends with 1: strace: ptrace(PTRACE_TRACEME): Operation not permitted`,
    })
  })

  it.runIf(whyNoStrace === undefined)('a strace that works is one', async () => {
    expect(await tryStrace()).toEqual({ kind: 'works', file: 'strace' })
  })

  it.runIf(whyNoStrace === undefined)('one whose injection never fires is none', async () => {
    const file = strace(`for each; do shift
case $each in *signal=SIGKILL*) ;; *) set -- "$@" "$each" ;; esac; done
exec strace "$@"`)
    expect(await tryStrace(file)).toEqual({
      kind: 'missing',
      why: 'its kill did not fall: the life went on to op 4 (write) and was not killed',
    })
  })

  it.runIf(whyNot === undefined)(
    'the library is tried too, and one that is none is told',
    async () => {
      expect(await tryNativeHooks()).toEqual({ ...hooks, kind: 'works' })
      expect(await tryNativeHooks({ kind: 'built', library: '/nowhere.so' })).toEqual({
        kind: 'missing',
        why: 'they are built, and do not kill a small shell program',
      })
    },
  )
})

for (const why of [whyNot, whyNoStrace])
  if (why !== undefined) it.skip(`not judged: ${why}`, () => undefined)
