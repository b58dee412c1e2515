/** What each step of `append`, and of `close`, does to the world. */
import { failSyncOfFile, syncFile } from './disk.ts'
import { newerLife } from './open-steps.ts'
import type { AppendStep } from './protocol.ts'
import type { Scene } from './scene.ts'
import { get, Of, Page, set } from './state.ts'

export const APPEND_STEPS: Readonly<Record<AppendStep | 'close', (scene: Scene) => void>> = {
  write,
  sync,
  check,
  ack,
  close,
}

/** At once or in two parts: between them the process may die, the disk may be full, and others may read. */
function write(scene: Scene): void {
  const batch = scene.nth
  const page = Of.batch + batch
  const began = get(scene.from, scene.slot, page) === Page.torn
  set(scene.begin(), scene.slot, page, Page.dirty)
  scene.goOn(began ? `writes the rest of batch ${batch + 1}` : `writes batch ${batch + 1}`)
  if (scene.model.bounds.closes && !began) close(scene)
  if (!scene.model.bounds.writesTear) return
  if (began) {
    if (scene.model.protocol.failedWrite === 'poisons') return
    scene.begin()
    scene.goOn('writes the rest: fails, disk full', nextAppend(scene))
    return
  }
  set(scene.begin(), scene.slot, page, Page.torn)
  scene.goOn(`writes a part of batch ${batch + 1}`, scene.at)
}

function sync(scene: Scene): void {
  const { protocol, bounds } = scene.model
  syncFile(scene.begin(), scene.slot)
  scene.goOn('syncs')
  if (!bounds.syncsFail) return
  failSyncOfFile(scene.begin(), scene.slot)
  const text = 'syncs: fails, pages marked clean'
  if (protocol.failedSync === 'poisons') poison(scene, text)
  else scene.goOn(text, protocol.failedSync === 'retried' ? scene.at : nextAppend(scene))
}

function check(scene: Scene): void {
  scene.begin()
  if (newerLife(scene) < 0) scene.goOn('sees no newer segment')
  else if (scene.model.protocol.fence === 'poisons') {
    poison(scene, 'sees a newer segment: FencedError')
  } else scene.goOn('sees a newer segment: FencedError', nextAppend(scene))
}

function poison(scene: Scene, text: string): void {
  if (scene.model.protocol.endMarker === 'of the poisoned too') {
    set(scene.next, scene.slot, Of.mark, Page.dirty)
    scene.giveUp(`${text} · closes`)
  } else scene.giveUp(text)
}

function ack(scene: Scene): void {
  const row = scene.begin()
  const batch = scene.nth
  set(row, scene.slot, Of.acked, get(row, scene.slot, Of.acked) | (1 << batch))
  scene.goOn(`acknowledges batch ${batch + 1}`)
}

/** The process lives on and others may take the run. Nobody relies on the marker's sync, so it has none. */
function close(scene: Scene): void {
  set(scene.begin(), scene.slot, Of.mark, Page.dirty)
  scene.giveUp('closes')
}

function nextAppend(scene: Scene): number {
  return scene.following('write')
}
