/** The name of an artifact's folder: what failed, told apart by its token. */
import { createHash } from 'node:crypto'
import type { FailureStory } from '../failure-story.ts'
import { safeName } from './safe-path.ts'

/** `loop-file-LOST_COMMIT-3fa91c2e`. */
export function artifactName({
  scenario,
  system,
  verdict,
  replay,
}: Pick<FailureStory, 'scenario' | 'system' | 'verdict' | 'replay'>): string {
  const digest = createHash('sha256').update(replay).digest('hex').slice(0, 8)
  const named = `${scenario}-${system.split('/').at(-1) ?? ''}-${verdict}`
  return `${safeName(named).slice(0, 80)}-${digest}`
}
