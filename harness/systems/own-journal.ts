/**
 * The file journal, taken for the harness's own records: a campaign trusts its progress to what it tests. It is reached as
 * everybody reaches it, through the public contract, and nothing else of the runtime is. No verdict about a system rests on it
 * (`harness/campaign/campaign-journal.ts` says what does).
 */
import {
  fileJournal,
  type Journal,
  type RecordBody,
  type Takeover,
} from '../../src/journal-entry.ts'
import { HarnessError, UsageError } from '../errors.ts'

/** The run under which a campaign stands in its directory. */
const runId = 'campaign'

/** What is needed of an open journal. */
export interface OwnJournal {
  readonly recovered: readonly { readonly body: unknown }[]
  /** @throws HarnessError `CAMPAIGN_JOURNAL` */
  readonly append: (bodies: readonly unknown[]) => Promise<unknown>
  readonly close: () => Promise<void>
}

/**
 * Opens the journal in a directory, and makes it where there is none.
 *
 * @throws UsageError `CAMPAIGN_OWNED` where another process has it, `CAMPAIGN_MISMATCH` where it is none; HarnessError
 *   `CAMPAIGN_JOURNAL` where it is damaged, or the disk fails
 */
export async function openOwnJournal(directory: string, takeover: Takeover): Promise<OwnJournal> {
  const journal = await opened(directory, takeover)
  return {
    recovered: journal.recovered,
    append: async (bodies) => {
      try {
        return await journal.append(bodies as readonly RecordBody[])
      } catch (error) {
        throw lost(directory, error)
      }
    },
    close: async () => await journal.close(),
  }
}

async function opened(directory: string, takeover: Takeover): Promise<Journal> {
  try {
    return await fileJournal({ dir: directory }).open(runId, { takeover })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'RUN_OWNED')
      throw new UsageError('CAMPAIGN_OWNED', `another process has this campaign: ${said(error)}`, {
        hint: 'wait for it, or make sure that it is gone and say --takeover always: what it still does then counts nowhere',
        cause: error,
      })
    if (code === 'NOT_A_JOURNAL' || code === 'FORMAT_VERSION')
      throw new UsageError('CAMPAIGN_MISMATCH', `no journal of a campaign: ${said(error)}`, {
        hint: 'name another directory',
        cause: error,
      })
    throw lost(directory, error)
  }
}

function lost(directory: string, error: unknown): HarnessError {
  const code = codeOf(error)
  return new HarnessError(
    'CAMPAIGN_JOURNAL',
    code === 'FENCED'
      ? `another process has taken this campaign over: ${said(error)}`
      : `the journal of this campaign in ${directory} failed: ${said(error)}`,
    {
      hint:
        code === 'FENCED'
          ? 'leave it to that one: what was committed before is in its hands'
          : 'look at the disk, then start the same command again: what was committed is not run again',
      details: { code },
      cause: error,
    },
  )
}

/** Without the runtime's own hint: it names calls, not options. */
function said(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n  hint: ')[0] ?? ''
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown }).code)
}
