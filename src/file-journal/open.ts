/**
 * Becoming the owner of a run: the six steps, in this order. `file-journal.ts` says why.
 *
 *  1 make-dir   the run directory, durable below what the caller vouches for
 *  2 publish    a header, whole, under the highest number + 1, by exclusive link
 *  3 sync-dir   this entry and all lower ones durable, before anything is read
 *  4 read       the image: the newest complete seal, then what it promised
 *  5 seal       what this life decided, with a copy of the image's last batch, synced
 *  6 check      no newer segment
 */
import { isoTime } from '../clock.ts'
import { writeWhole } from '../blobs.ts'
import { JournalUnreadableError, KillpointError, NotAJournalError, systemCode } from '../errors.ts'
import type { WritableFile } from '../file-system.ts'
import { describeOwner } from '../identity.ts'
import type { OpenOptions } from '../journal.ts'
import { type CheckedOpenOptions, checkOpenOptions } from '../open-options.ts'
import { livenessOf, ownedError } from '../ownership.ts'
import { endLine, type Header, headerLine, type SealedLife, sealLine } from './format.ts'
import { hold, release } from '../held.ts'
import { type Image, readImage } from './image.ts'
import type { ImageLife } from './own-batches.ts'
import { makeRunDirectory } from './make-directory.ts'
import { epochOfTemporary, isOurName, type RunFiles } from './run-files.ts'
import { readHead } from './segment-head.ts'
import type { Settings } from './settings.ts'
import { listRun, type RunSource, segmentNumbers, withSegment } from './source.ts'
import { storageError } from './storage-errors.ts'
import { assertFree } from './takeover.ts'

/** An owned segment, ready for its first batch. */
export interface OwnedSegment {
  readonly file: WritableFile
  readonly header: Header
  readonly key: number
  /** Behind the seal. */
  readonly offset: number
  readonly sealCrc: number
  readonly image: Image
  readonly lives: readonly SealedLife[]
}

/** What a life has written so far; the file stays open. */
interface Published {
  readonly file: WritableFile
  readonly path: string
  readonly header: Header
  readonly key: number
  readonly bytes: number
}

/** @throws as `JournalBackend.open` */
export async function openSegment(
  source: RunSource,
  settings: Settings,
  options: OpenOptions,
): Promise<OwnedSegment> {
  const { run } = source
  const checked = checkOpenOptions(options)
  await makeRunDirectory(settings.fileSystem, run.directory, settings.vouchedDir)
  const epoch = await nextEpoch(source, settings, checked)
  const published = await publish(source, settings, epoch, checked.owner)
  try {
    return await decide(source, settings, published)
  } catch (error) {
    await abandon(published.header.nonce, published.file)
    throw error
  }
}

/** The number to publish under: the highest + 1, never a gap (a gap may lie below an owner's number). */
async function nextEpoch(
  source: RunSource,
  settings: Settings,
  options: CheckedOpenOptions,
): Promise<number> {
  const names = (await listRun(source)) ?? []
  const newest = segmentNumbers(names).at(-1)
  if (newest === undefined) {
    assertOnlyOurs(source.run, names)
    return 1
  }
  await assertFree(source, settings.identity, newest, options.takeover)
  return newest + 1
}

function assertOnlyOurs(run: RunFiles, names: readonly string[]): void {
  const foreign = names.find((name) => !isOurName(name))
  if (foreign === undefined) return
  throw new NotAJournalError(`${run.directory} holds ${foreign} and no segment of a journal`, {
    hint: 'give the journal a directory of its own',
    details: { directory: run.directory, found: foreign },
  })
}

/** Step 2. The header appears whole or not at all; whoever comes second finds the number taken. */
async function publish(
  source: RunSource,
  settings: Settings,
  epoch: number,
  name: string | undefined,
): Promise<Published> {
  const { run } = source
  const { fileSystem } = settings
  const nonce = settings.random.nonce()
  const owner = await settings.identity.self()
  const header: Header = {
    run: run.runId,
    epoch,
    nonce,
    at: isoTime(settings.clock.now()),
    presize: settings.presizeBytesMax,
    name: name ?? describeOwner(owner),
    owner,
  }
  const temporary = run.temporary(epoch, nonce)
  const path = run.segment(epoch)
  const { bytes, crc } = headerLine(header)
  const file = await attempt('create', temporary, () => fileSystem.create(temporary))
  try {
    hold(nonce)
    await attempt('write', temporary, () => writeWhole(file, bytes, 0))
    await linkOrLose(source, temporary, epoch)
  } catch (error) {
    await abandon(nonce, file)
    await discard(settings, temporary)
    throw error
  }
  await discard(settings, temporary)
  return { file, path, header, key: crc, bytes: bytes.length }
}

async function linkOrLose(source: RunSource, temporary: string, epoch: number): Promise<void> {
  const path = source.run.segment(epoch)
  try {
    await source.fileSystem.link(temporary, path)
  } catch (cause) {
    const code = systemCode(cause)
    // ENOENT: a newer owner tidied the temporary file away.
    if (code !== 'EEXIST' && !(code === 'ENOENT' && source.fileSystem.exists(path))) {
      throw storageError('publish', path, cause)
    }
    throw ownedError(source.run.runId, epoch, await headerOf(source, epoch))
  }
}

/** Steps 3 to 6. */
async function decide(
  source: RunSource,
  settings: Settings,
  published: Published,
): Promise<OwnedSegment> {
  const { run, fileSystem } = source
  const { epoch } = published.header
  await attempt('sync the directory', run.directory, () => fileSystem.syncDirectory(run.directory))

  const names = await listRun(source)
  if (names === undefined) throw gone(run)
  const numbers = segmentNumbers(names).filter((number) => number < epoch)
  const image = await giveUpOnError(published, () => readImage(source, numbers))

  const lives = await judgeLives(settings, image.lives)
  const seal = await writeSeal(published, image, lives)

  const next = run.segment(epoch + 1)
  const newer = await attempt('look for', next, () => fileSystem.exists(next))
  if (newer) {
    writeLost(published, seal)
    throw ownedError(run.runId, epoch + 1, await headerOf(source, epoch + 1))
  }
  await tidy(settings, run, names, epoch)
  const { file, header, key } = published
  return { file, header, key, offset: seal.offset, sealCrc: seal.crc, image, lives }
}

/** Step 5. From here on this is what the earlier lives committed. */
async function writeSeal(
  published: Published,
  image: Image,
  lives: readonly SealedLife[],
): Promise<{ readonly crc: number; readonly offset: number }> {
  const { file, path, key, bytes } = published
  const copyOf = image.last?.of
  const records = image.records.length
  const seal = copyOf === undefined ? { records, lives } : { records, lives, copyOf }
  const line = sealLine(seal, image.last?.text ?? '', key, key)
  await attempt('write the seal of', path, () => writeWhole(file, line.bytes, bytes))
  await attempt('sync the seal of', path, () => file.sync())
  return { crc: line.crc, offset: bytes + line.bytes.length }
}

/**
 * `ended` for good. A life that nobody has judged, and whose process still lives, did not die: it lost a race, or was
 * robbed. Only the count of lives that died in vain rests on this.
 */
async function judgeLives(
  settings: Settings,
  lives: readonly ImageLife[],
): Promise<readonly SealedLife[]> {
  const judged: SealedLife[] = []
  for (const { header, ...life } of lives) {
    const alive =
      header !== undefined &&
      life.ended === 'died' &&
      (await livenessOf(settings.identity, header)) === 'alive'
    judged.push(alive ? { ...life, ended: 'closed' } : life)
  }
  return judged
}

/** A life that could not read what came before it acknowledged nothing, and says so for others to take over at once. */
async function giveUpOnError<T>(published: Published, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    const { file, key, bytes } = published
    best(() => writeWhole(file, endLine('lost', key, key).bytes, bytes))
    throw error
  }
}

function writeLost(published: Published, seal: { crc: number; offset: number }): void {
  const { file, key } = published
  best(() => writeWhole(file, endLine('lost', key, seal.crc).bytes, seal.offset))
}

/** Nothing of this life was acknowledged, so no harm is in a file that cannot be closed. */
async function abandon(nonce: string, file: WritableFile): Promise<void> {
  release(nonce)
  await file.close().catch(() => undefined)
}

/** Nothing rests on the success of `action`: without its marker a life counts as one that died. */
function best(action: () => void): void {
  try {
    action()
  } catch {
    // The error that matters is already on its way to the caller.
  }
}

/** Temporary files of openers that died, or that lost to this number and can only fail now. */
async function tidy(
  settings: Settings,
  run: RunFiles,
  names: readonly string[],
  epoch: number,
): Promise<void> {
  for (const name of names) {
    const of = epochOfTemporary(name)
    if (of !== undefined && of <= epoch) await discard(settings, `${run.directory}/${name}`)
  }
}

/** Litter is harmless, so failing to remove it is too; a newer owner may have been quicker. */
async function discard(settings: Settings, path: string): Promise<void> {
  await settings.fileSystem.unlink(path).catch(() => undefined)
}

/** For naming an owner in a message: what cannot be read is not named. */
async function headerOf(source: RunSource, epoch: number): Promise<Header | undefined> {
  try {
    const { header } = await withSegment(source, epoch, (file, path) =>
      readHead(file, path, source.run.runId, epoch),
    )
    return header
  } catch (error) {
    if (error instanceof KillpointError) return undefined
    throw error
  }
}

function gone(run: RunFiles): JournalUnreadableError {
  return new JournalUnreadableError(`${run.directory} was removed while the run was being opened`, {
    hint: 'find out who removes run directories, and open again',
    details: { directory: run.directory },
  })
}

async function attempt<T>(action: string, path: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw storageError(action, path, cause)
  }
}
