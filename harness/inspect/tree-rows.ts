/** The tree of a run as rows: what each node is, what became of it, in which lives, and what it gave or cost. */
import type { TreeNode } from '../../src/journal-entry.ts'
import { clipped, short, visible } from '../report/visible.ts'

/** One line of the tree. */
export interface TreeRow {
  /** With its branches: `├ charge`. */
  readonly name: string
  readonly kind: string
  readonly status: TreeNode['status']
  readonly lives: string
  readonly detail: string
}

/** Children of one node that are drawn; of more, the first and the last. */
const childrenMax = 40

/** The rows below the run itself. */
export function treeRows(tree: TreeNode): readonly TreeRow[] {
  return [...rowsBelow(tree, '')]
}

function* rowsBelow({ children }: TreeNode, indent: string): Generator<TreeRow> {
  const left = Math.max(0, children.length - childrenMax)
  for (const [index, child] of children.entries()) {
    if (index > 0 && index <= left) {
      if (index === 1) yield leftOutRow(`${indent}├ `, left)
      continue
    }
    const isLast = index === children.length - 1
    yield rowOf(child, `${indent}${isLast ? '└ ' : '├ '}`)
    yield* rowsBelow(child, `${indent}${isLast ? '  ' : '│ '}`)
  }
}

function leftOutRow(indent: string, count: number): TreeRow {
  return { name: `${indent}… ${count} more`, kind: '', status: 'done', lives: '', detail: '' }
}

function rowOf(node: TreeNode, indent: string): TreeRow {
  const { key, kind, status, firstEpoch, lastEpoch } = node
  return {
    name: `${indent}${visible(key.slice(key.lastIndexOf('/') + 1))}`,
    kind,
    status,
    lives: firstEpoch === lastEpoch ? `life ${firstEpoch}` : `lives ${firstEpoch}-${lastEpoch}`,
    detail: detailOf(node),
  }
}

function detailOf({ attempts, iterations, value, error, spend, due, kind }: TreeNode): string {
  const spent = spendText(spend)
  return [
    attempts > 1 ? `begun ${attempts} times` : '',
    kind === 'loop' ? `${iterations} ${iterations === 1 ? 'iteration' : 'iterations'}` : '',
    due === undefined ? '' : `due ${momentText(due)}`,
    error === undefined ? '' : clipped(visible(`${error.name}: ${error.message}`)),
    value === undefined || due !== undefined ? '' : `gave ${short(value)}`,
    spent === '' || kind === 'loop' ? '' : `spent ${spent}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

/** `money 2, tokens 120`; empty where nothing was spent. */
export function spendText(spend: TreeNode['spend']): string {
  return Object.entries(spend)
    .map(([resource, amount]) => `${resource} ${amount}`)
    .join(', ')
}

/** A moment as a person reads it, in UTC; the number itself where it is no moment. */
export function momentText(ms: unknown): string {
  const moment = new Date(Number(ms))
  return Number.isNaN(moment.getTime()) ? String(ms) : moment.toISOString()
}
