/**
 * The lives of an inspected run side by side, as the report shows those of a failing case: what each committed, how it ended, what
 * ran again, and where something could not be read.
 */
import { basename } from 'node:path'
import { plainInk } from '../report/output.ts'
import type { Timeline } from '../report/result/result.ts'
import { cut } from '../report/timeline.ts'
import { visible } from '../report/visible.ts'
import type { InspectedLife, Inspection } from './inspection.ts'
import { damageText, endings, recordDetail } from './inspection-text.ts'
import type { Noted } from './noted.ts'

type Row = Timeline['rows'][number]

/** The timeline; rows are numbered by their record. */
export function runTimeline(inspection: Inspection): Timeline {
  const { lives, records, undecided, leftOut } = inspection
  const begun = new Map<string, number>()
  const known = new Set(lives.map(({ epoch }) => epoch))
  const rows = lives.flatMap((life): readonly Row[] => [
    startRow(life),
    ...[
      ...leftOut
        .filter(({ file }) => epochOf(file) === life.epoch)
        .map((damage) => ({
          seq: damage.seq ?? Infinity,
          row: damageRow(life.epoch, damage),
        })),
      ...records.flatMap((record, index) => {
        if (record.epoch !== life.epoch) return []
        const flags = index >= records.length - undecided ? ['undecided'] : []
        const row = recordRow(record, [...againFlags(record, begun), ...flags])
        return [{ seq: record.seq, row }]
      }),
    ]
      .toSorted((left, right) => left.seq - right.seq)
      .map(({ row }) => row),
    endRow(life),
  ])
  const [first] = lives
  const elsewhere = leftOut.filter(({ file }) => !known.has(epochOf(file)))
  return cut(
    lives.map(({ epoch, ended }) => ({ life: epoch, faults: '', end: endings[ended] })),
    [...rows, ...elsewhere.map((damage) => damageRow(first?.epoch ?? 1, damage))],
  )
}

function startRow({ epoch, owner }: InspectedLife): Row {
  const text = `became the owner: ${visible(owner)}`
  return { life: epoch, kind: 'start', name: 'life', text, flags: [] }
}

function endRow({ epoch, ended }: InspectedLife): Row {
  const kind = ended === 'died' ? 'fault' : ended === 'closed' ? 'exit' : 'note'
  return { life: epoch, kind, name: 'end', text: endings[ended], flags: [] }
}

function recordRow(record: Noted, flags: string[]): Row {
  const { seq, epoch, type, kind, key } = record
  const unit = [visible(kind), visible(key)].filter((part) => part !== '').join(' ')
  const detail = recordDetail(record, plainInk)
  const text = [type, unit, detail].filter((part) => part !== '').join('  ')
  return { life: epoch, op: seq, kind: 'mark', name: type, text, flags }
}

function damageRow(life: number, damage: Inspection['leftOut'][number]): Row {
  return { life, kind: 'note', name: 'damage', text: damageText(damage), flags: ['unread'] }
}

/** A unit that an earlier life began too. */
function againFlags({ type, key, kind, epoch }: Noted, begun: Map<string, number>): string[] {
  if ((type !== 'intent' && type !== 'spawn') || key === '' || kind === 'timer') return []
  const before = begun.get(key)
  begun.set(key, before ?? epoch)
  return before !== undefined && before !== epoch ? ['again'] : []
}

/** `000003.log` is the file of life 3. */
function epochOf(file: string): number {
  return Number.parseInt(basename(file), 10)
}
