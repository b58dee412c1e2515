import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { HookFault } from '../../../harness/hooks/fault.ts'
import { encodeNativeFaults, whyNotNative } from '../../../harness/native/faults.ts'

const at = { kind: 'op', stream: '1', n: 7 } as const

describe('native hooks: faults as lines', () => {
  it.each<readonly [HookFault, string]>([
    [{ text: 'K7', at, act: { kind: 'kill', phase: 'before' } }, 'op 7 kill before 0 0 0 K7'],
    [
      { text: 'K7/3', at, act: { kind: 'kill-inside', bytes: 3 } },
      'op 7 kill-inside before 3 0 0 K7/3',
    ],
    [{ text: '', at, act: { kind: 'stop', phase: 'after' } }, 'op 7 stop after 0 0 0 -'],
    [
      { text: 'E7=EIO.sticky', at, act: { kind: 'error', code: 'EIO', sticky: true } },
      `op 7 error before 0 ${constants.errno.EIO} 1 E7=EIO.sticky`,
    ],
    [{ text: 'L7', at, act: { kind: 'lie' } }, 'op 7 lie before 0 0 0 L7'],
    [
      {
        text: 'Q9',
        at: { kind: 'quota', stream: '1', bytes: 9 },
        act: { kind: 'error', code: 'ENOSPC' },
      },
      `quota 9 error before 0 ${constants.errno.ENOSPC} 0 Q9`,
    ],
  ])('%j', (fault, line) => {
    expect(encodeNativeFaults([fault, fault])).toBe(`${line}\n${line}\n`)
    expect(whyNotNative(fault)).toBeUndefined()
  })

  it.each<readonly [HookFault, RegExp]>([
    [
      {
        text: 'F7=EIO',
        at: { kind: 'read', stream: '1', n: 7 },
        act: { kind: 'error', code: 'EIO' },
      },
      /number no reads/,
    ],
    [{ text: 'S7=2', at, act: { kind: 'slow', ops: 2 } }, /told late/],
    [
      { text: 'K1.1@7', at: { ...at, stream: '1.1' }, act: { kind: 'kill', phase: 'after' } },
      /one stream/,
    ],
  ])('%j is not carried out, with the reason', (fault, why) => {
    expect(whyNotNative(fault)).toMatch(why)
  })
})
