/**
 * What a person is told: where a run stands, taken from its journal, and how it goes on.
 */
import type { JsonObject } from '../../src/json.ts'
import type { JournalRecord } from '../../src/journal.ts'
import type { RunContext } from '../../src/run-context.ts'
import type { StepCall } from '../../src/steps.ts'
import { materializeTree, type TreeNode } from '../../src/tree.ts'
import type { Listing } from './folder.ts'
import type { Message } from './messages.ts'
import { planOf, type Plan } from './plan.ts'
import { counted } from './words.ts'

/** What the journal says of the lives before this one. */
export interface Standing {
  /** Committed iterations, of all loops together. */
  readonly iterations: number
  /** Iterations in all; `undefined` before the folders were listed. */
  readonly planned: number | undefined
  /** Tool calls whose result is recorded: none of them runs again. */
  readonly kept: number
  /** Keys of tool calls that began and have no result: each of them runs again. */
  readonly inDoubt: ReadonlySet<string>
}

/** Reads how far a run is. Pure. */
export function standingOf(
  records: readonly JournalRecord[],
  epoch: number,
  tokens: number,
): Standing {
  const nodes = flatten(materializeTree(records, epoch))
  const tools = nodes.filter(({ kind }) => kind === 'tool')
  const settled = tools.filter(({ status }) => status === 'done' || status === 'failed')
  const listed = settled.find(({ key }) => key.endsWith('.list_folders'))
  return {
    iterations: nodes.reduce((sum, { iterations }) => sum + iterations, 0),
    planned:
      listed?.value === undefined
        ? undefined
        : planOf(listed.value as unknown as Listing, tokens).iterations,
    kept: settled.length,
    inDoubt: new Set(tools.filter(({ status }) => status === 'in-doubt').map(({ key }) => key)),
  }
}

/** The one line that a resumed run begins with. */
export function resumeLine({ iterations, planned, kept, inDoubt }: Standing): string {
  const of = planned === undefined ? '' : ` of ${planned}`
  const at = planned === undefined ? iterations + 1 : Math.min(iterations + 1, planned)
  return `resumed at iteration ${at}${of}, ${counted(kept, 'tool call')} kept, ${inDoubt.size} repeated`
}

/** Prints how a life goes on, and counts what it really does. */
export class Progress {
  private readonly print: (line: string) => void
  private readonly verbose: boolean
  private readonly standing: Standing
  private iterations: number
  private planned: number | undefined
  private ran = 0
  private again = 0

  constructor(standing: Standing, verbose: boolean, print: (line: string) => void) {
    this.standing = standing
    this.verbose = verbose
    this.print = print
    this.iterations = standing.iterations
    this.planned = standing.planned
  }

  readonly onPlanned = ({ parts, leftOut, iterations }: Plan): void => {
    this.planned = iterations
    if (this.standing.planned !== undefined) return
    const files = parts.reduce((sum, part) => sum + part.files.length, 0)
    const others = leftOut.length === 0 ? '' : `, ${leftOut.length} left out`
    this.print(
      `planned: ${counted(files, 'text file')} in ${counted(parts.length, 'part')}${others}; ${counted(iterations, 'iteration')}`,
    )
  }

  readonly onCall = (name: string, input: JsonObject, call: StepCall): void => {
    this.ran += 1
    const repeated = this.standing.inDoubt.has(call.key)
    if (repeated) this.again += 1
    const path = typeof input['path'] === 'string' ? ` ${input['path']}` : ''
    if (this.verbose) this.print(`        ${name}${path}${repeated ? '  (repeated)' : ''}`)
  }

  readonly onTurn = (who: string, message: Message): void => {
    this.iterations += 1
    const of = this.planned === undefined ? '?' : String(this.planned)
    const [said] = message.content
    const text = said?.type === 'text' ? said.text : ''
    this.print(`[${String(this.iterations).padStart(of.length)}/${of}] ${who}: ${text}`)
  }

  readonly note = (line: string): void => {
    this.print(`        ${line}`)
  }

  /** How far the run is. */
  get where(): string {
    const of = this.planned === undefined ? '' : ` of ${this.planned}`
    return `after iteration ${this.iterations}${of}`
  }

  /** What a finished run ends with. */
  summary(context: RunContext): string {
    const { kept } = this.standing
    const calls = counted(kept + this.ran, 'tool call')
    const before =
      context.epoch === 1
        ? ''
        : ` (${kept} kept, ${this.again} repeated, ${this.ran - this.again} new)`
    const spent = context.run.budget.state('', 'tokens')?.committed ?? 0
    return `done in ${counted(this.iterations, 'iteration')}, ${calls}${before}, ${counted(spent, 'token')}`
  }
}

function flatten(node: TreeNode): readonly TreeNode[] {
  return [node, ...node.children.flatMap(flatten)]
}
