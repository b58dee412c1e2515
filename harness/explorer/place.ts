/** A life that is about to be harmed: everything before it, its disk, and what it does unharmed. */
import type { DirectoryImage } from '../directory-image.ts'
import type { DiskBefore } from '../disk-model/model.ts'
import type { Trace } from '../trace.ts'
import type { Stem } from './lives.ts'
import type { Reach } from './storage-errors.ts'

/** A life, and where it stands. */
export interface Place {
  readonly stem: Stem
  readonly image: DirectoryImage
  readonly before: DiskBefore
  readonly trace: Trace
  /** As in a victim. */
  readonly endsAfter?: number
  readonly reach?: Reach
}
