/** What a commit and a recovery cost at one length of the journal: the input of C1. */
export interface CostSample {
  /** Records in the journal. */
  readonly records: number
  /** Bytes that each of some commits wrote at that length. */
  readonly commitBytes: readonly number[]
  /** Syncs that each of them did. */
  readonly commitSyncs: readonly number[]
  /** Bytes that an open at that length read; absent where reads are not visible. */
  readonly recoveryBytes?: number
}
