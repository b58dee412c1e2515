import { describe, expect, test } from 'vitest'
import { describeOp, isSync } from '../../harness/op.ts'
import type { Op } from '../../harness/op.ts'

const open = { kind: 'open', path: 'f', node: 1 } as const
const rows: readonly [Op, string, boolean][] = [
  [{ ...open, create: true, truncate: false, exclusive: false }, 'open f create', false],
  [{ ...open, create: true, truncate: true, exclusive: false }, 'open f create truncate', false],
  [{ ...open, create: true, truncate: true, exclusive: true }, 'open f exclusive truncate', false],
  [{ ...open, create: false, truncate: true, exclusive: false }, 'open f truncate', false],
  [{ kind: 'write', path: 'f', node: 1, offset: 8, length: 3 }, 'write f +3 bytes at 8', false],
  [{ kind: 'truncate', path: 'f', node: 1, length: 3 }, 'truncate f to 3 bytes', false],
  [{ kind: 'sync', path: 'f', node: 1 }, 'sync f', true],
  [{ kind: 'datasync', path: 'f', node: 1 }, 'datasync f', true],
  [{ kind: 'sync-directory', path: '.', node: 1 }, 'sync directory .', true],
  [{ kind: 'rename', from: 'f', to: 'g', node: 1 }, 'rename f -> g', false],
  [{ kind: 'rename', to: 'g', node: 0 }, 'rename (outside) -> g', false],
  [{ kind: 'link', from: 'f', node: 1 }, 'link f -> (outside)', false],
  [{ kind: 'unlink', path: 'f', node: 1 }, 'unlink f', false],
  [{ kind: 'mkdir', path: 'd', node: 0 }, 'mkdir d', false],
  [{ kind: 'rmdir', path: 'd', node: 2 }, 'rmdir d', false],
  [{ kind: 'symlink', path: 'l', target: 'f', node: 0 }, 'symlink l -> f', false],
  [{ kind: 'attributes', call: 'chmod', path: 'f', node: 1 }, 'chmod f', false],
  [{ kind: 'mark', length: 20 }, 'mark 20 bytes', false],
]

describe('op', () => {
  test.each(rows)('%j', (op, line, sync) => {
    expect([describeOp(op), isSync(op)]).toEqual([line, sync])
  })
})
