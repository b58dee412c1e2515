/**
 * A small journal backend that is right, under the death of processes (for power loss it would have to sync directories).
 *
 *  1  A life writes its own file only. Publishing the next number, whole and exclusively, is what fences the one before.
 *  2  The second line of a file, its seal, says how many bytes of each older file count: the decision, made once.
 *  3  An append is one line: whole, or torn and never acknowledged. Nothing is ever written behind a torn line.
 *  4  An append is acknowledged after its sync, and after a look that there is no newer file.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import type { BackendContext } from 'killpoint'
import {
  bytesMaxDefault,
  checkOpenOptions,
  encodeBodies,
  runDirectoryName,
} from 'killpoint/journal'
import type { Journal, JournalBackend, JournalRecord, RecordBody } from 'killpoint/journal'
import {
  ClosedError,
  FencedError,
  JournalPoisonedError,
  RunOwnedError,
  StorageError,
} from 'killpoint/runtime'

type Owner = Awaited<ReturnType<BackendContext['identity']['self']>>
type Line = {
  owner?: Owner
  name?: string
  seal?: number[]
  batch?: readonly RecordBody[]
  closed?: true
}

/** What `killpoint validate` looks for. It may stand beside `export const claims`; without, `durability` says it. */
export function createBackend({ dir, identity }: BackendContext): JournalBackend {
  // Files that this process gave up: after a failed write it lives, and does not own.
  const givenUp = new Set<string>()
  const open: JournalBackend['open'] = async (runId, options) => {
    const { takeover, owner: name = '' } = checkOpenOptions(options)
    const run = join(dir, runDirectoryName(runId))
    fs.mkdirSync(run, { recursive: true })
    const epoch = filesIn(run).length + 1
    const [{ owner, name: ofOwner } = {}, ...held] = linesOf(filesIn(run).at(-1))
    const isFree = held.some(({ closed }) => closed) || givenUp.has(pathOf(run, epoch - 1))
    if (owner !== undefined && takeover !== 'always' && !isFree)
      if (takeover === 'never' || (await identity.liveness(owner)) !== 'dead')
        throw owned(runId, epoch - 1, ofOwner)
    const file = publish(pathOf(run, epoch), { owner: await identity.self(), name })
    if (file === undefined) throw owned(runId, epoch)
    const older = counted(filesIn(run).slice(0, epoch - 1))
    write(file, { seal: older.map(({ length }) => length) })
    const letGo = (): unknown => givenUp.add(pathOf(run, epoch))
    const journal = journalOf(runId, run, older, { file, letGo })
    if (!fs.existsSync(pathOf(run, epoch + 1))) return journal
    await journal.close()
    throw owned(runId, epoch + 1)
  }
  const read: JournalBackend['read'] = async (runId) => {
    const files = counted(filesIn(join(dir, runDirectoryName(runId))))
    const epoch = files.findLastIndex(({ length }) => length > 0) + 1
    const undecided = linesOf(files[epoch - 1]).at(-1)?.batch?.length ?? 0
    return epoch > 0 ? { runId, epoch, ...content(files.slice(0, epoch)), undecided } : undefined
  }
  return { name: 'lines', durability: 'process', open, read }
}

function journalOf(
  runId: string,
  run: string,
  older: readonly Buffer[],
  { file, letGo }: { readonly file: number; readonly letGo: () => unknown },
): Journal {
  const { records, lives } = content(older)
  const epoch = older.length + 1
  let seq = records.length
  let ended: Error | undefined
  const append: Journal['append'] = async (batch) => {
    encodeBodies(batch, bytesMaxDefault)
    if (ended !== undefined) throw ended
    try {
      if (batch.length > 0) write(file, { batch })
    } catch (reason) {
      const hint = 'open the run again'
      const cause = new StorageError(`run ${runId}: an append failed`, { hint, cause: reason })
      ended = new JournalPoisonedError(`run ${runId} cannot go on`, { hint, cause })
      throw cause
    }
    if (!fs.existsSync(pathOf(run, epoch + 1))) return (seq += batch.length)
    ended = new FencedError(`run ${runId}: epoch ${epoch + 1} owns it`, { hint: 'stop' })
    throw ended
  }
  const close = async (): Promise<void> => {
    letGo()
    if (ended === undefined) write(file, { closed: true })
    ended = new ClosedError(`run ${runId} was closed`, { hint: 'open it again' })
  }
  return { runId, epoch, recovered: records, lives, append, close }
}

const pathOf = (run: string, epoch: number): string =>
  join(run, `${String(epoch).padStart(6, '0')}.jsonl`)
const owned = (runId: string, epoch: number, name = ''): RunOwnedError =>
  new RunOwnedError(`run ${runId} is owned by ${name}, epoch ${epoch}`, { hint: 'wait for it' })

/** Makes a file with its first line, whole, or not at all: `undefined` where somebody else was first. */
function publish(path: string, line: Line & { owner: Owner }): number | undefined {
  const draft = `${path}.${line.owner.pid}`
  fs.writeFileSync(draft, `${JSON.stringify(line)}\n`)
  try {
    fs.linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  return fs.openSync(path, 'a')
}

function write(file: number, line: Line): void {
  fs.appendFileSync(file, `${JSON.stringify(line)}\n`)
  fs.fdatasyncSync(file)
}

/** The files of a run, oldest first, without torn last lines. */
function filesIn(run: string): readonly Buffer[] {
  const names = fs.existsSync(run) ? fs.readdirSync(run).sort() : []
  const files = names.filter((name) => name.endsWith('.jsonl')).map((name) => join(run, name))
  const bytes = files.map((path) => fs.readFileSync(path))
  return bytes.map((each) => each.subarray(0, each.lastIndexOf('\n') + 1))
}

function linesOf(file?: Buffer): readonly Line[] {
  return Array.from(String(file ?? '').matchAll(/.+/g), ([line]) => JSON.parse(line) as Line)
}

/** What counts of each file: the newest seal says it of all before it, and nothing behind it was ever acknowledged. */
function counted(files: readonly Buffer[]): readonly Buffer[] {
  const seals = files.map((file) => linesOf(file).find(({ seal }) => seal)?.seal)
  const newest = seals.findLastIndex((seal) => seal !== undefined)
  const ends = seals[newest]?.concat(Infinity) ?? []
  return files.map((file, at) => file.subarray(0, ends[at] ?? 0))
}

function content(files: readonly Buffer[]): Pick<Journal, 'lives'> & { records: JournalRecord[] } {
  const records: JournalRecord[] = []
  const lives = files.map((file, index) => {
    const [first, ...lines] = linesOf(file)
    const batches = lines.flatMap(({ batch }) => (batch === undefined ? [] : [batch]))
    const epoch = index + 1
    for (const body of batches.flat()) records.push({ seq: records.length + 1, epoch, body })
    const ended = lines.some(({ closed }) => closed) ? ('closed' as const) : ('died' as const)
    return { epoch, batches: batches.length, ended, owner: first?.name ?? '' }
  })
  return { records, lives }
}
