/** What an inspector prints of a run. Every text out of a record goes through `visible`. */
import type { Damage } from '../../src/journal-entry.ts'
import type { Ink } from '../report/output.ts'
import { plainTable } from '../report/tables.ts'
import type { InspectedLife, Inspection } from './inspection.ts'
import { errorText, type Noted } from './noted.ts'
import { momentText, spendText, treeRows } from './tree-rows.ts'
import { clipped, short, visible } from '../report/visible.ts'

export interface TextOptions {
  readonly ink: Ink
  /** Records of the timeline that are told, the last ones; Infinity for all. */
  readonly recordsMax: number
}

/** The whole text, without a newline at its end. */
export function inspectionText(inspection: Inspection, options: TextOptions): string {
  const { ink } = options
  return [
    headLines(inspection, ink),
    section('lives', livesTable(inspection, ink)),
    section('tree', treeText(inspection, ink)),
    section('why something ran again', repeatsTable(inspection, ink)),
    section('timeline', timeline(inspection, options)),
    section('not read', leftOutText(inspection, ink)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function section(title: string, body: string): string {
  if (body === '') return ''
  const lines = body.split('\n').map((line) => `  ${line}`.trimEnd())
  return [title, ...lines].join('\n')
}

function headLines(inspection: Inspection, ink: Ink): string {
  const { runId, status, lives, records, tree } = inspection
  const spent = tree === undefined ? '' : spendText(tree.spend)
  const begin = records.find(({ type }) => type === 'begin')
  const head = [
    `run ${runId}`,
    statusInk(status, ink)(status),
    plural(lives.length, 'life', 'lives'),
    plural(records.length, 'record', 'records'),
    ...(spent === '' ? [] : [`spent ${spent}`]),
  ].join('   ')
  return [head, ...(begin === undefined ? [] : [beginLine(begin)])].join('\n')
}

/** What was begun, and when. */
export function beginLine({ body }: Noted): string {
  const { at, driver, task, budget, deadline } = body
  return [
    `begun ${momentText(at)}`,
    ...(typeof driver === 'string' ? [`driver ${visible(driver)}`] : []),
    ...(task === undefined ? [] : [`task ${short(task)}`]),
    ...(budget === undefined ? [] : [`budget ${short(budget)}`]),
    ...(deadline === undefined ? [] : [`deadline ${momentText(deadline)}`]),
  ].join('   ')
}

/** How a life ended, in words. */
export const endings: Readonly<Record<InspectedLife['ended'], string>> = {
  closed: 'closed in order',
  died: 'died',
  open: 'runs, or died',
}

function livesTable({ lives, undecided, torn }: Inspection, ink: Ink): string {
  const table = plainTable(['life', 'ended', 'records', 'seq', 'owner'], ['right'])
  for (const { epoch, ended, records, firstSeq, lastSeq, owner } of lives)
    table.push([
      epoch,
      ended === 'died' ? ink.bad(endings[ended]) : endings[ended],
      records,
      firstSeq === undefined ? '' : `${firstSeq}-${lastSeq}`,
      visible(owner),
    ])
  const notes = endNotes({ undecided, torn })
  return [table.toString(), ...notes.map((note) => ink.doubt(note))].join('\n')
}

/** What is not decided yet at the end of a run. */
export function endNotes({
  undecided,
  torn,
}: Pick<Inspection, 'undecided'> & {
  readonly torn: Inspection['torn'] | undefined
}): readonly string[] {
  return [
    ...(undecided === 0
      ? []
      : [
          `the last ${plural(undecided, 'record is', 'records are')} undecided: nobody is known to have been told, the next open decides`,
        ]),
    ...(torn === undefined
      ? []
      : [
          `a torn append of ${torn.bytes} bytes at ${torn.offset} of ${visible(torn.file)}: never acknowledged, the next open cuts it`,
        ]),
  ]
}

function treeText({ tree, treeProblem, isWhole }: Inspection, ink: Ink): string {
  if (tree === undefined) return `there is none: ${visible(treeProblem ?? '')}`
  const rows = treeRows(tree)
  if (rows.length === 0) return 'nothing was begun'
  const table = plainTable(['unit', 'kind', 'status', 'in', ''])
  for (const { name, kind, status, lives, detail } of rows)
    table.push([name, kind, kind === '' ? '' : statusInk(status, ink)(status), lives, detail])
  return [table.toString(), ...damageNotes(isWhole, ink)].join('\n')
}

/** What is missing may have ended what looks unfinished. */
function damageNotes(isWhole: boolean, ink: Ink): readonly string[] {
  return isWhole ? [] : [ink.doubt('records are missing: what looks unfinished may have ended')]
}

function repeatsTable({ repeats, isWhole }: Inspection, ink: Ink): string {
  if (repeats.length === 0) return ''
  const table = plainTable(['unit', '', 'why'])
  for (const { key, kind, why } of repeats)
    table.push([visible(key), kind === 'in-doubt' ? ink.doubt('in doubt') : kind, visible(why)])
  return [table.toString(), ...damageNotes(isWhole, ink)].join('\n')
}

function timeline({ records, undecided }: Inspection, { recordsMax, ink }: TextOptions): string {
  const left = Math.max(0, records.length - recordsMax)
  const table = plainTable(['seq', 'life', 'record', 'unit', ''], ['right', 'right'])
  for (const [index, record] of records.entries()) {
    if (index < left) continue
    const isUndecided = index >= records.length - undecided
    const { seq, epoch, type, kind, key } = record
    table.push([
      seq,
      epoch,
      isUndecided ? ink.doubt(`${type}?`) : type,
      [visible(kind), visible(key)].filter((part) => part !== '').join(' '),
      recordDetail(record, ink),
    ])
  }
  const more = `… ${left} earlier records; --records all shows them`
  return [...(left === 0 ? [] : [ink.dim(more)]), table.toString()].join('\n')
}

/** What a record says, in a few words. */
export function recordDetail({ type, status, effect, index, body }: Noted, ink: Ink): string {
  switch (type) {
    case 'begin':
      return `driver ${short(body['driver'])}`
    case 'intent':
      return [
        ...(body['due'] === undefined ? [`effect ${visible(effect)}`] : []),
        ...(body['due'] === undefined ? [] : [`due ${momentText(body['due'])}`]),
        ...(body['reserve'] === undefined ? [] : [`reserves ${short(body['reserve'])}`]),
      ].join(', ')
    case 'spawn':
      return `driver ${short(body['driver'])}`
    case 'iterate':
      return `iteration ${index}${body['done'] === true ? ', the last' : ''}, state ${short(body['state'])}`
    case 'settle':
    case 'end':
      return [
        statusInk(status, ink)(visible(status)),
        clipped(visible(errorText(body))),
        body['value'] === undefined ? '' : `gave ${short(body['value'])}`,
        body['spend'] === undefined ? '' : `spent ${short(body['spend'])}`,
      ]
        .filter((part) => part !== '')
        .join(', ')
    default:
      return short(body)
  }
}

function leftOutText({ leftOut }: Inspection, ink: Ink): string {
  return leftOut.map((damage) => `${ink.bad('damaged')} ${damageText(damage)}`).join('\n')
}

/** Where something could not be read, and why. */
export function damageText({ file, offset, bytes, seq, reason }: Damage): string {
  return [
    `${visible(file)} at byte ${offset}`,
    bytes === undefined ? '' : `, ${bytes} bytes`,
    seq === undefined ? '' : `, from record ${seq}`,
    `: ${visible(reason)}`,
  ].join('')
}

function statusInk(status: string, ink: Ink): (text: string) => string {
  switch (status) {
    case 'done':
      return ink.good
    case 'failed':
    case 'damaged':
      return ink.bad
    case 'unknown':
    case 'in-doubt':
      return ink.doubt
    default:
      return ink.dim
  }
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
