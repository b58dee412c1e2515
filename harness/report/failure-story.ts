/**
 * A failure as text: what was done to which life, what came of it, who is guilty, and how to see it again. Pure, so that the
 * whole text is compared in tests. The last line is the one to paste, and nothing comes after it.
 */
import type { Judgement } from '../checkers/check.ts'
import type { Finding } from '../checkers/finding.ts'
import type { Fault, Phase, Position } from '../fault.ts'
import { stringifyFault } from '../fault-text.ts'
import type { Trouble } from '../live/trouble.ts'
import { plainInk, type Ink } from './output.ts'
import { invariants, type Verdict } from '../verdict.ts'

/** Everything that the text says. */
export interface FailureStory {
  readonly scenario: string
  readonly system: string
  readonly verdict: Verdict
  readonly judgement?: Judgement
  readonly trouble?: Trouble
  /** Faults in the order in which they fired. */
  readonly faults: readonly ToldFault[]
  /** How often it was seen again, and other lines about the search: label and text. */
  readonly notes?: readonly (readonly [label: string, text: string])[]
  /** Versions, platform, git state and profile, one line. */
  readonly environment: string
  /** What stands behind `npx killpoint replay`. */
  readonly replay: string
}

/** A fault as it fired. */
export interface ToldFault {
  readonly life: number
  readonly fault: Fault
  /** What the op at its position does: `write run/000001.log +118 bytes at 4096`. */
  readonly op?: string
  /** `src/journal.ts:88`. */
  readonly site?: string
}

/** The text, without a newline at its end. */
export function failureText(story: FailureStory, ink: Ink = plainInk): string {
  const { scenario, system, verdict, judgement, trouble, notes = [] } = story
  const finding = judgement?.finding
  const title =
    finding === undefined ? '' : `  ${finding.invariant} ${invariants[finding.invariant].title}`
  const lines: (readonly [string, string])[] = [
    ...faultLines(story.faults),
    ...(finding === undefined ? [] : findingLines(finding)),
    ...(trouble === undefined ? [] : troubleLines(trouble)),
    ...(finding === undefined ? (judgement?.reasons ?? []) : []).map(
      (reason) => ['reason', reason] as const,
    ),
    ...followLines(judgement),
    ...notes,
  ]
  return [
    `${ink.bad('✗')} ${scenario} × ${system}   ${ink.bad(verdict)}${title}`,
    ...lines.map(([label, text]) => `  ${label.padEnd(labelWidth)} ${text}`),
    `  ${ink.dim(story.environment)}`,
    `  ${'replay'.padEnd(labelWidth)} npx killpoint replay ${story.replay}`,
  ].join('\n')
}

const labelWidth = 7

function faultLines(faults: readonly ToldFault[]): readonly (readonly [string, string])[] {
  return faults.map(({ life, fault, op, site }) => [
    `life ${life}`,
    [describeFault(fault), op, site].filter((part) => part !== undefined).join('   '),
  ])
}

function findingLines({
  life,
  what,
  details,
  step,
}: Finding): readonly (readonly [string, string])[] {
  return [
    [`life ${life}`, what],
    ...details.map((detail) => ['', detail] as const),
    ...(step === undefined || what.includes(step) ? [] : [['guilty', `step ${step}`] as const]),
  ]
}

function troubleLines({
  kind,
  message,
  hint,
  stderr,
}: Trouble): readonly (readonly [string, string])[] {
  const words = stderr?.trim().split('\n').slice(-6) ?? []
  return [
    ...message.split('\n').map((line, index) => [index === 0 ? kind : '', line] as const),
    ...words.filter((line) => line !== '').map((line) => ['', `| ${line}`] as const),
    ['hint', hint],
  ]
}

function followLines(judgement: Judgement | undefined): readonly (readonly [string, string])[] {
  const broken = (judgement?.follows ?? []).map(
    ({ invariant, verdict }) => `${verdict} ${invariant}`,
  )
  if (broken.length === 0) return []
  return [['follows', `${broken.join(', ')}: not judged further, the first cause comes first`]]
}

/** A fault in words: `power loss after op 41`. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `SIGKILL ${at(fault.at)}`
    case 'power-loss':
      return `power loss ${at(fault.at)}`
    case 'storage-error':
      return `${fault.errno} ${at(fault.at)}${fault.mode === 'once' ? '' : ` (${fault.mode})`}`
    case 'read-error':
      return `${fault.errno} at read ${fault.at.op}`
    case 'quota':
      return `${fault.errno} after ${fault.bytes} more bytes`
    case 'short-write':
      return `short write ${at(fault.at)}`
    case 'lying-sync':
      return `lying sync ${at(fault.at)}`
    case 'slow-sync':
      return `slow sync ${at(fault.at)}, told ${fault.ops} ops later`
    case 'message':
      return `message ${fault.act} ${at(fault.at)}`
    case 'zombie':
      return `stopped ${at(fault.at)}, goes on ${fault.until === 'done' ? 'when its successor is done' : `when its successor is ${at(fault.until)}`}`
    case 'sigterm':
      return `SIGTERM ${at(fault.at)}`
    case 'outside':
      return `${fault.verb} from outside ${at(fault.at)}`
    case 'server-kill':
      return `service ${fault.nth} killed ${at(fault.at)}`
    case 'heap':
      return `heap exhausted ${at(fault.at)}`
    case 'clock':
      return `the clock jumps by ${fault.ms} ms`
    case 'rot':
      return `damage on the disk: ${stringifyFault(fault)}`
    case 'resumers':
      return `${fault.count} resumers at once${fault.barrier === undefined ? '' : `, met ${at(fault.barrier)}`}`
  }
}

function at({ stream, op, phase }: Position): string {
  return `${phaseWords(phase)} op ${op}${stream === '1' ? '' : ` of stream ${stream}`}`
}

function phaseWords(phase: Phase): string {
  switch (phase.kind) {
    case 'before':
      return 'before'
    case 'after':
      return 'after'
    case 'inside':
      return `after ${phase.bytes} bytes of`
  }
}
