/**
 * Profiles: what a disk is taken to promise about what no completed sync covers.
 *
 * `posix` promises nothing more than the standard: a sync of a file covers its data and its size, a sync of a directory
 * covers its entries, and everything else may be lost, kept, torn or persisted out of order. `ext4` (data=ordered,
 * auto_da_alloc, on by default) promises more; `docs/fault-model.md` lists the rules.
 */

/** Names of the profiles, the default first. */
export const profileNames = ['posix', 'ext4'] as const

/** Name of a profile. */
export type ProfileName = (typeof profileNames)[number]

/** Bytes that were never written: none are shown of what the disk held before, or any. */
export type Unwritten = 'zeros' | 'garbage'

/** What a disk promises. */
export interface Profile {
  readonly name: ProfileName
  /** One sentence for reports. */
  readonly title: string
  /** Entries persist in the order in which they were made: a later one never without an earlier one. */
  readonly entriesInOrder: boolean
  /** A completed sync of anything covers every entry made before it, as the commit of a journal does. */
  readonly syncCoversEntries: boolean
  /** What bytes read as whose size is durable and whose data is not. */
  readonly unwritten: readonly Unwritten[]
  /** A rename that replaces a file persists only with the data of the file that it names. */
  readonly renameFlushes: boolean
}

/** The profiles. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  posix: {
    name: 'posix',
    title: 'nothing more than the standard promises',
    entriesInOrder: false,
    syncCoversEntries: false,
    unwritten: ['zeros', 'garbage'],
    renameFlushes: false,
  },
  ext4: {
    name: 'ext4',
    title: 'ext4 with data=ordered, auto_da_alloc and delayed allocation',
    entriesInOrder: true,
    syncCoversEntries: true,
    unwritten: ['zeros'],
    renameFlushes: true,
  },
}

/** True for the name of a profile. */
export function isProfileName(text: string): text is ProfileName {
  return (profileNames as readonly string[]).includes(text)
}
