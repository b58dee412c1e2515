/**
 * The protocol as data: which steps a life takes, in which order, and the choices inside them.
 *
 * {@link PROTOCOL} is the one that the file journal implements. An ablation is the same value with one thing changed.
 */

/** Steps of `open`, in the order of the protocol. */
export type OpenStep =
  /** Makes what is missing of the run directory and the one above it. */
  | 'make-dir'
  /** Makes them one by one, with syncs in between. */
  | 'make-base'
  | 'make-run'
  /** Syncs the directory that holds the run directory's entry. */
  | 'sync-parent'
  /** Syncs the directory above that one. */
  | 'sync-grandparent'
  /** Lists the run directory and picks a number. */
  | 'list'
  /** Looks whether the newest segment's owner lives; skipped under `always`. */
  | 'examine'
  /** Publishes the own segment, header in it, under that number. */
  | 'publish'
  /** Only where the header is not published with the name: writes it afterwards. */
  | 'write-header'
  /** Syncs the run directory. */
  | 'sync-dir'
  /** Reads one segment, newest first, until a complete seal. */
  | 'read'
  /** Reads one batch of the segment whose seal was taken; where absent, `read` takes them all at once. */
  | 'read-batch'
  /** Reads what the seal promises of the lower segments. */
  | 'read-promised'
  /** Syncs the predecessor's file instead of copying its last batch. */
  | 'sync-predecessor'
  | 'write-seal'
  | 'sync-seal'
  /** Looks for a newer segment; refused if there is one. */
  | 'check-open'
  | 'resolve'

/** Steps of one `append`, in the order of the protocol. */
export type AppendStep =
  | 'write'
  | 'sync'
  /** Looks for a newer segment; fenced if there is one. */
  | 'check'
  | 'ack'

/** Steps of a reader that does not own the run; between them it takes `read`, `read-batch` and `read-promised`. */
export type ReaderStep = 'look' | 'tell'

export type StepName = OpenStep | AppendStep | ReaderStep | 'close'

/** Findings in a segment that a careless reader takes for damage. */
export type FalseAlarm =
  'torn header above S' | 'torn seal above S' | 'gap above S' | 'torn header below S'

export interface Protocol {
  readonly open: readonly OpenStep[]
  readonly append: readonly AppendStep[]
  /** Two batches are written before the first is acknowledged. */
  readonly inFlight: 1 | 2
  readonly number: 'highest + 1' | 'first gap'
  readonly publish: 'link' | 'rename' | 'create, then write'
  /** What becomes of an opener whose number was taken between its listing and its publishing. */
  readonly taken: 'refused' | 'lists again'
  /** What the two checks look for. While this life lives, nobody skips a number and none vanishes. */
  readonly looksFor: 'any newer' | 'next number'
  /** Which directories' entries `open` makes durable: all; the missing ones and the deepest that exists; the missing ones. */
  readonly parents: 'all' | 'from the deepest' | 'missing'
  /** Whether an image is what a seal says, or is derived again from what lies in the segments. */
  readonly authority: 'seal' | 'segments'
  readonly order: 'newest first' | 'oldest first'
  readonly sealLengths: boolean
  /** Which batch a seal copies: the image's last; that, unless an older seal has a copy of it already; none. */
  readonly sealCopy: 'last' | 'last, if not copied yet' | 'none'
  /** Where the copy comes from: what was read and checked, or the file once more. */
  readonly copyFrom: 'memory' | 'file'
  /** Where the copy in S's seal is looked for: in what was read of S, or in the file once more. */
  readonly copyOfSFrom: 'memory' | 'file'
  /** Whether a promised batch is looked for in the copies too. */
  readonly copiesRead: boolean
  readonly falseAlarms: readonly FalseAlarm[]
  /** A whole batch behind a header or seal that is not, a whole end marker behind anything that is not: proof, or passed over. */
  readonly wholeBehindBad: 'damage' | 'ignored'
  readonly tornBatch: 'cut' | 'accepted'
  readonly failedWrite: 'poisons' | 'forgotten'
  readonly failedSync: 'poisons' | 'retried' | 'forgotten'
  readonly fence: 'poisons' | 'forgotten'
  /** Who leaves an end marker: a life that is whole, or a poisoned one too. */
  readonly endMarker: 'of the whole' | 'of the poisoned too'
  /** What a reader calls undecided: the image's last batch; that, only if it is S's own; nothing. */
  readonly undecided: 'last of image' | 'last of S' | 'nothing'
  /** Whether a reader looks again at a bad batch before it calls a good one behind it proof of damage. */
  readonly looksAgain: boolean
}

export const PROTOCOL: Protocol = {
  open: [
    'make-dir',
    'sync-parent',
    'sync-grandparent',
    'list',
    'examine',
    'publish',
    'sync-dir',
    'read',
    'read-promised',
    'write-seal',
    'sync-seal',
    'check-open',
    'resolve',
  ],
  append: ['write', 'sync', 'check', 'ack'],
  inFlight: 1,
  number: 'highest + 1',
  publish: 'link',
  taken: 'refused',
  looksFor: 'any newer',
  parents: 'all',
  authority: 'seal',
  order: 'newest first',
  sealLengths: true,
  sealCopy: 'last',
  copyFrom: 'memory',
  copyOfSFrom: 'memory',
  copiesRead: true,
  falseAlarms: [],
  wholeBehindBad: 'damage',
  tornBatch: 'cut',
  failedWrite: 'poisons',
  failedSync: 'poisons',
  fence: 'poisons',
  endMarker: 'of the whole',
  undecided: 'last of image',
  looksAgain: true,
}

/** How large a world is explored, and what may go wrong in it. */
export interface Bounds {
  /** Lives that may open the run, each once. */
  readonly lives: number
  /** Appends of each life. */
  readonly appends: number
  readonly powerLosses: number
  /** A sync may fail; its pages are dropped, marked clean, and forgotten at any time. */
  readonly syncsFail: boolean
  /** A write may stop in the middle. */
  readonly writesTear: boolean
  /** Lives may close, after any append. */
  readonly closes: boolean
  /** Directories between the run's and the one that the caller vouches for. */
  readonly parents: 0 | 1
  /** `always`: every opener displaces whoever is there. `if-dead`: it examines the newest owner first. */
  readonly takeover: 'always' | 'if-dead'
  /** Readers that read one batch at a time while the lives go on. */
  readonly readers: 0 | 1
  /** Openers, too, read one batch at a time. */
  readonly readsBatches: boolean
  /** Pieces on the platter that the medium may destroy. */
  readonly rot: number
  /** A directory sync that failed leaves its entries marked clean, as a file's does its pages. */
  readonly directoriesForget: boolean
  /** Opens that nobody disturbs are watched: none of their steps may change what an open recovers (J9). */
  readonly watchesRecovery: boolean
}

export const FULL: Bounds = {
  lives: 3,
  appends: 2,
  powerLosses: 2,
  syncsFail: true,
  writesTear: true,
  closes: true,
  parents: 1,
  takeover: 'always',
  readers: 0,
  readsBatches: true,
  rot: 0,
  directoriesForget: false,
  watchesRecovery: false,
}
