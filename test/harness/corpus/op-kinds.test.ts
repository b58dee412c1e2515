import { expect, it } from 'vitest'
import { kindsOfOps, type KindedOp } from '../../../harness/corpus/op-kinds.ts'

const mark = (name: string): KindedOp => ({ op: { kind: 'mark', length: 9 }, mark: name })
const write = (path: string, node: number): KindedOp => ({
  op: { kind: 'write', path, node, offset: 0, length: 4 },
})

it('an op is told by what it does, the kind of its file by its last name, and the stage of its life', () => {
  const ops: readonly KindedOp[] = [
    mark('begin'),
    write('run/000001.abc7.tmp', 3),
    { op: { kind: 'link', from: 'run/000001.abc7.tmp', to: 'run/000001.log', node: 3 } },
    mark('resolved'),
    write('run/000001.abc7.tmp', 3),
    { op: { kind: 'sync-directory', path: 'run', node: 2 } },
    mark('done'),
    write('run/000001.log', 3),
  ]
  expect(kindsOfOps(ops)).toEqual([
    'opening: mark begin',
    'opening: write run/#.log',
    'opening: link run/#.log',
    'opening: mark resolved',
    'running: write run/#.log',
    'running: sync-directory run',
    'running: mark done',
    'ending: write run/#.log',
  ])
})

it('a life without these marks has one stage', () => {
  expect(kindsOfOps([mark('effect'), mark('ack')])).toEqual([
    'running: mark effect',
    'running: mark ack',
  ])
})
