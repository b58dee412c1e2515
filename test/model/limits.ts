/**
 * What the protocol can say where the medium destroys what was durable. In every state of the clean protocol each durable piece
 * is destroyed in turn and the run is read: is it loud (J7), harmless, or silent?
 */
import { highestNumber, isListed, isWhole, PIECES } from './disk.ts'
import { explore } from './explorer.ts'
import { countIn } from './image.ts'
import { brokenLaw, type Law } from './laws.ts'
import { modelOf, type Model } from './program.ts'
import { FULL, type Bounds, type Protocol } from './protocol.ts'
import { blankReading, readRun } from './reading.ts'
import { get, livesIn, Of, Page, set, type Row } from './state.ts'

/** Failed syncs aside, which only mark pages that are not durable. Segments are read in one go, which finds the same. */
export const ROTTING: Bounds = { ...FULL, powerLosses: 1, syncsFail: false, readsBatches: false }

export interface Verdicts {
  loud: number
  harmless: number
  silent: number
  /** Laws that were broken in silence. */
  readonly laws: Set<Law>
}

/** Numbers of states, by what was destroyed. */
export function destroyEach(protocol: Protocol, bounds: Bounds): ReadonlyMap<string, Verdicts> {
  const model = modelOf(protocol, bounds)
  const tally = new Map<string, Verdicts>()
  explore(model, (row) => {
    for (let life = 0; life < livesIn(row); life += 1) {
      if (!isListed(row, life)) continue
      for (const piece of [Of.entry, ...PIECES]) {
        if (get(row, life, piece) === Page.durable) destroy(row, life, piece, model, tally)
      }
    }
  })
  return tally
}

function destroy(
  row: Row,
  life: number,
  piece: number,
  model: Model,
  tally: Map<string, Verdicts>,
): void {
  const name = nameOf(row, life, piece, model)
  const verdicts = tally.get(name) ?? { loud: 0, harmless: 0, silent: 0, laws: new Set() }
  tally.set(name, verdicts)
  set(row, life, piece, piece === Of.entry ? Page.absent : Page.torn)
  const broken = brokenLaw(row, model)
  set(row, life, piece, Page.durable)
  if (broken === undefined) verdicts.harmless += 1
  else if (broken.law === 'J7') verdicts.loud += 1
  else {
    verdicts.silent += 1
    verdicts.laws.add(broken.law)
  }
}

const found = blankReading()

function nameOf(row: Row, life: number, piece: number, model: Model): string {
  readRun(row, highestNumber(row) + 1, model.protocol, found)
  const number = get(row, life, Of.number)
  const own = countIn(found.image, life)
  const closed = isWhole(get(row, life, Of.mark))
  if (number !== found.source) {
    const where = number > found.source ? 'a segment above S' : 'a segment below S'
    return `${pieceName(piece, own)} of ${where}`
  }
  const name = `${pieceName(piece, own)} of S`
  if (piece === Of.mark) return name
  if (piece >= Of.batch) return closed ? `${name}, which closed` : name
  if (piece === Of.entry) return own > 0 ? `${name}, which has batches` : name
  return own > 0 || closed
    ? `${name}, with something whole behind it`
    : `${name}, with nothing behind it`
}

function pieceName(piece: number, own: number): string {
  const name = NAMES.get(piece)
  if (name !== undefined) return name
  const batch = piece - Of.batch
  if (batch >= own) return 'a batch that was decided against'
  return batch === own - 1 ? 'the last batch' : 'an earlier batch'
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [Of.entry, 'the name'],
  [Of.header, 'the header'],
  [Of.seal, 'the seal'],
  [Of.mark, 'the end marker'],
])
