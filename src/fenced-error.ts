/** The error of a life that was replaced, as every durable backend tells it. */
import { FencedError, StorageError } from './errors.ts'

/**
 * For an append that found its epoch gone: `newer` is an epoch that the run has now. Where it is not newer, something that is no life
 * of the run has changed its rows.
 */
export function fencedError(
  runId: string,
  epoch: number,
  newer: number | undefined,
): FencedError | StorageError {
  if (newer !== undefined && newer > epoch)
    return new FencedError(
      `run ${runId}: epoch ${epoch} was replaced by epoch ${newer}, or a later one; the append was not acknowledged`,
      {
        hint: 'stop working on this run: another process goes on with it',
        details: { runId, epoch, newer },
      },
    )
  return new StorageError(
    `run ${runId}: its rows were changed while epoch ${epoch} owned them; the append was not written`,
    {
      hint: 'find out who else writes to the tables of the journal, then open the run again',
      details: { runId, epoch, now: newer },
    },
  )
}
