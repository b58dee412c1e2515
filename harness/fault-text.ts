/**
 * Schedules as text: the writing half of the grammar in `docs/tokens.md`. The reading half is `fault-parse.ts`.
 */
import type {
  Damage,
  Fault,
  LifeFaults,
  OpPart,
  OpReference,
  Part,
  Position,
  Schedule,
} from './fault.ts'

/** The schedule as text; trailing lives without a fault are left out, and no fault at all is `-`. */
export function stringifySchedule(schedule: Schedule): string {
  const last = schedule.findLastIndex((faults) => faults.length > 0)
  if (last < 0) return '-'
  return schedule
    .slice(0, last + 1)
    .map(stringifyFaults)
    .join(',')
}

/** The faults of one life as text; `-` for none. */
export function stringifyFaults(faults: LifeFaults): string {
  return faults.length === 0 ? '-' : faults.map(stringifyFault).join('~')
}

/** One fault as text. */
export function stringifyFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `K${positionText(fault.at)}${fault.lost.length > 0 ? `=l${parts(fault.lost)}` : ''}`
    case 'power-loss':
      return `P${positionText(fault.at)}${exceptions(fault.base, fault.except)}`
    case 'storage-error':
      return `E${positionText(fault.at)}=${fault.errno}${fault.mode === 'once' ? '' : `.${fault.mode}`}`
    case 'read-error':
      return `F${opText(fault.at)}=${fault.errno}${fault.sticky ? '.sticky' : ''}`
    case 'quota':
      return `Q${fault.bytes}${fault.errno === 'ENOSPC' ? '' : `=${fault.errno}`}`
    case 'short-write':
      return `W${positionText(fault.at)}`
    case 'lying-sync':
      return `L${positionText(fault.at)}${fault.sticky ? '=sticky' : ''}`
    case 'slow-sync':
      return `S${positionText(fault.at)}=${fault.ops}`
    case 'message':
      return `M${positionText(fault.at)}=${fault.act}${fault.act === 'delay' ? `.${fault.turns}` : ''}`
    case 'zombie':
      return `Z${positionText(fault.at)}=${fault.until === 'done' ? 'done' : positionText(fault.until)}`
    case 'sigterm':
      return `T${positionText(fault.at)}`
    case 'outside':
      return `V${positionText(fault.at)}=${fault.verb}${fault.nth === 1 ? '' : `.${fault.nth}`}`
    case 'rival':
      return `A${positionText(fault.at)}`
    case 'server-kill':
      return `X${positionText(fault.at)}${fault.nth === 1 ? '' : `=${fault.nth}`}`
    case 'heap':
      return `H${positionText(fault.at)}`
    case 'clock':
      return `C${fault.ms < 0 ? '-' : '+'}${Math.abs(fault.ms)}`
    case 'rot':
      return `R${fault.file}=${damageText(fault.damage)}`
    case 'pid-recycled':
      return 'I'
    case 'resumers':
      return `N${fault.count}${fault.barrier === undefined ? '' : `=${positionText(fault.barrier)}`}`
  }
}

/** A position as text. */
export function positionText(at: Position): string {
  switch (at.phase.kind) {
    case 'before':
      return opText(at)
    case 'after':
      return `${opText(at)}+`
    case 'inside':
      return `${opText(at)}/${at.phase.bytes}`
  }
}

function opText(op: OpReference): string {
  return op.stream === '1' ? String(op.op) : `${op.stream}@${op.op}`
}

function exceptions(base: 'lost' | 'kept', except: readonly OpPart[]): string {
  if (base === 'lost') return except.length === 0 ? '' : `=k${parts(except)}`
  return `=l${parts(except)}`
}

function parts(list: readonly OpPart[]): string {
  return list.map((each) => opText(each) + partText(each.part)).join('_')
}

const restLetters = { absent: '', zeros: 'z', garbage: 'g' } as const

function partText(part: Part): string {
  switch (part.kind) {
    case 'whole':
      return ''
    case 'prefix':
      return `/${part.bytes}${restLetters[part.rest]}`
    case 'range':
      return `/${part.from}-${part.to}`
    case 'cleared':
      return `/${part.bytes}c`
  }
}

function damageText(damage: Damage): string {
  switch (damage.kind) {
    case 'byte':
      return `byte.${damage.offset}.${damage.xor}`
    case 'nul':
      return `nul.${damage.from}-${damage.to}`
    case 'line':
      return `line.${damage.line}`
    case 'swap':
      return `swap.${damage.line}.${damage.other}`
    case 'cut':
      return `cut.${damage.bytes}`
    case 'gone':
      return 'gone'
  }
}
