/** How a life of the abstract runtime becomes the owner of the run: who may, what it finds, and what it decides. */
import { hashOf, LifeOver } from './tenure.ts'
import type { Strand, Tenure } from './tenure.ts'
import type { Entry } from './store.ts'

/** Owns the run in a new epoch; throws {@link LifeOver} where it is refused. */
export function* openRun(t: Tenure): Strand<void> {
  const { store, teller, takeover, isAlive, bug, inner } = t.given
  if (inner.isUnreadable === true && bug !== 'unreadable-is-new') throw refuse(t, 'EACCES')
  const { owner } = store
  if (bug === 'dead-is-alive' && owner !== undefined) throw refuse(t, 'RUN_OWNED')
  if (takeover === 'if-dead' && owner !== undefined && isAlive(owner) && bug !== 'rob')
    throw refuse(t, 'RUN_OWNED')
  yield
  if (bug !== 'same-epoch' || store.highestEpoch === 0) store.highestEpoch += 1
  t.epoch = store.highestEpoch
  const { epoch } = t
  yield
  if (store.isDamaged && bug !== 'accept-damage') throw refuse(t, 'CORRUPT')
  if (store.sealedEpoch >= epoch && bug !== 'same-epoch') throw refuse(t, 'RUN_OWNED')
  if (bug === 'half-batch') store.cutGroup()
  if (bug === 'undecided-again' && t.given.random.chance(0.3)) store.dropLastUnacked()
  t.image = misread(t, bug === 'no-seal' ? store.read() : store.seal(epoch))
  yield
  if (store.highestEpoch !== epoch) throw refuse(t, 'RUN_OWNED')
  store.owner = t.n
  teller.mark({ mark: 'recovered', epoch, hashes: t.image.map(hashOf) })
  teller.owns(epoch)
  yield
}

/** What the planted bug makes of an image. */
function misread(t: Tenure, image: readonly Entry[]): readonly Entry[] {
  const { bug, random, inner, store } = t.given
  const last = image.at(-1)
  if (last === undefined) return image
  switch (bug) {
    case 'lose-acked':
      return store.isLastAcked() && random.chance(0.3) ? image.slice(0, -1) : image
    case 'reorder':
      return image.length < 2 ? image : [...image.slice(0, -2), last, ...image.slice(-2, -1)]
    case 'phantom':
      return random.chance(0.3) ? [...image, { type: 'phantom', id: String(t.n) }] : image
    case 'repeat':
      return random.chance(0.3) ? [...image, last] : image
    case 'accept-damage':
      return store.isDamaged ? image.slice(0, -2) : image
    case 'unreadable-is-new':
      return inner.isUnreadable === true ? [] : image
    default:
      return image
  }
}

function refuse(t: Tenure, code: string): LifeOver {
  t.given.teller.refused(code)
  return new LifeOver('refused')
}
