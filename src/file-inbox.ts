/**
 * An inbox of files: one file per message, `<dir>/.inbox/<run>/<number>-<nonce>.json`, on a local disk.
 *
 * A message is written to a temporary file, synced, renamed to a name that nobody else can have (the nonce), and the
 * directories above it are synced: it is whole or absent, and durable when `publish` resolves. The number is one above the
 * highest seen, so that names sort by publication; the nonce keeps a number that is used again from being taken for the
 * message that a record already names.
 */
import { dirname, join, resolve } from 'node:path'
import {
  InvalidArgumentError,
  JournalCorruptError,
  JournalUnreadableError,
  RecordTooLargeError,
  StorageError,
  systemCode,
} from './errors.ts'
import { systemFileSystem, type FileSystem } from './file-system.ts'
import { assertMessage, type Inbox, type InboxMessage, type NewMessage } from './inbox.ts'
import { assertJson, type JsonObject, type JsonValue } from './json.ts'
import { systemRandom, type Random } from './random.ts'
import { runDirectoryName } from './run-id.ts'

export interface FileInboxOptions {
  /** The directory that holds the runs. */
  readonly dir: string
  readonly runId: string
  readonly fileSystem?: FileSystem
  readonly random?: Random
  /** Milliseconds between two looks while something waits; default 25. */
  readonly pollMs?: number
}

/** Largest message file that is read, in bytes. */
export const messageBytesMax: number = 16 * 1024 * 1024

const suffix = '.json'
/** Any other name is not of our making, or not whole yet. */
const messageName = /^\d{8,}-[a-z0-9]+\.json$/

/** The inbox of one run. It writes nothing until something is published. @throws InvalidArgumentError */
export function fileInbox(options: FileInboxOptions): Inbox {
  const { dir, runId, fileSystem = systemFileSystem, random = systemRandom, pollMs = 25 } = options
  if (!Number.isSafeInteger(pollMs) || pollMs < 1)
    throw new InvalidArgumentError(`expected pollMs in whole milliseconds from 1, got ${pollMs}`, {
      hint: 'leave it out for 25',
    })
  // Absolute: the process may change its directory while the run goes on.
  const above = join(resolve(dir), '.inbox')
  const home = join(above, runDirectoryName(runId))
  // No name of a run has this sign behind letters that are no number.
  const seal = `${home}%sealed`
  const known = new Map<string, InboxMessage>()

  return {
    publish: async (message) => {
      assertMessage(message)
      const bytes = encode(message)
      for (const path of [dirname(above), above, home]) await makeDirectory(fileSystem, path)
      const last = idsIn(fileSystem, home).at(-1)
      const number = last === undefined ? 1 : Number.parseInt(last, 10) + 1
      const id = `${String(number).padStart(8, '0')}-${random.nonce()}`
      await publishFile(fileSystem, join(home, `${id}${suffix}`), bytes)
      for (const path of [home, above, dirname(above)]) await syncDirectory(fileSystem, path)
      return id
    },
    pending: async () => {
      const messages: InboxMessage[] = []
      for (const id of idsIn(fileSystem, home)) {
        const message = known.get(id) ?? (await readMessage(fileSystem, home, id))
        if (message === undefined) continue
        known.set(id, message)
        messages.push(message)
      }
      return messages
    },
    hasNews: () => idsIn(fileSystem, home).some((id) => !known.has(id)),
    seal: async () => {
      for (const path of [dirname(above), above]) await makeDirectory(fileSystem, path)
      await makeSeal(fileSystem, seal)
    },
    unseal: async () => {
      if (fileSystem.exists(seal)) await unlinkQuietly(fileSystem, seal)
    },
    isSealed: () => Promise.resolve(fileSystem.exists(seal)),
    remove: async (id) => {
      // What stays, because it may not be removed, is no news all the same.
      if (await unlinkQuietly(fileSystem, join(home, `${id}${suffix}`))) known.delete(id)
    },
    changed: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, pollMs)
        signal.addEventListener('abort', done, { once: true })
        if (signal.aborted) done()
      }),
  }
}

/** Ids of the whole messages in a directory, oldest first. */
function idsIn(fileSystem: FileSystem, home: string): readonly string[] {
  try {
    if (!fileSystem.exists(home)) return []
    return fileSystem
      .listNow(home)
      .filter((name) => messageName.test(name))
      .map((name) => name.slice(0, -suffix.length))
      .sort()
  } catch (error) {
    throw unreadable(home, error)
  }
}

function encode(message: NewMessage): Uint8Array {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`)
  if (bytes.length <= messageBytesMax) return bytes
  throw new RecordTooLargeError(
    `expected a message of at most ${messageBytesMax} bytes, got ${bytes.length}`,
    { hint: 'put the payload where the run can read it and send its name' },
  )
}

async function makeDirectory(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.makeDirectory(path)
  } catch (error) {
    throw storageError(`directory ${path} could not be made`, error)
  }
}

async function syncDirectory(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.syncDirectory(path)
  } catch (error) {
    throw storageError(`directory ${path} could not be synced`, error)
  }
}

// Not synced: it orders what living processes see, and a power loss ends them all.
async function makeSeal(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    const file = await fileSystem.create(path)
    await file.close()
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw storageError(`seal ${path} could not be made`, error)
  }
}

async function publishFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await fileSystem.create(temporary)
    try {
      for (let at = 0; at < bytes.length;) at += file.write(bytes.subarray(at), at)
      await file.sync()
    } finally {
      await file.close()
    }
    await fileSystem.rename(temporary, path)
  } catch (error) {
    await unlinkQuietly(fileSystem, temporary)
    throw storageError(`message ${path} could not be written`, error)
  }
}

async function readMessage(
  fileSystem: FileSystem,
  home: string,
  id: string,
): Promise<InboxMessage | undefined> {
  const path = join(home, `${id}${suffix}`)
  let bytes: Uint8Array
  try {
    bytes = await readWhole(fileSystem, path)
  } catch (error) {
    // Consumed by another life between the listing and here.
    if (systemCode(error) === 'ENOENT') return undefined
    throw unreadable(path, error)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return asMessage(JSON.parse(text) as JsonValue, id)
  } catch (error) {
    throw damaged(path, error)
  }
}

async function readWhole(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fileSystem.open(path)
  try {
    const target = new Uint8Array(Math.min(await file.size(), messageBytesMax + 1))
    let length = 0
    for (let got = -1; got !== 0 && length < target.length; length += got)
      got = await file.read(target.subarray(length), length)
    return target.subarray(0, length)
  } finally {
    await file.close()
  }
}

/** Throws a plain error for what `publish` never wrote. */
function asMessage(value: JsonValue, id: string): InboxMessage {
  assertJson(value, 'message')
  const { kind, name, payload, path, reason } = (value ?? {}) as JsonObject
  if (kind === 'signal' && typeof name === 'string' && payload !== undefined)
    return { kind, id, name, payload }
  if (kind === 'cancel' && typeof path === 'string' && typeof reason === 'string')
    return { kind, id, path, reason }
  throw new Error(`neither a signal nor a cancel: ${JSON.stringify(value).slice(0, 100)}`)
}

/** True where the file is gone. It may stay: a spent message is known by the record that names it. */
async function unlinkQuietly(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.unlink(path)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return systemCode(error) === 'ENOENT'
  }
}

function storageError(what: string, cause: unknown): StorageError {
  const code = systemCode(cause)
  return new StorageError(`${what}: ${code ?? String(cause)}`, {
    hint: 'nothing was acknowledged; free the disk or mend its permissions and send again',
    details: { code },
    cause,
  })
}

function unreadable(path: string, cause: unknown): JournalUnreadableError {
  const code = systemCode(cause)
  return new JournalUnreadableError(`${path} could not be read: ${code ?? String(cause)}`, {
    hint: 'messages may wait there: mend the disk or its permissions, then start the run again',
    details: { file: path, code },
    cause,
  })
}

function damaged(path: string, cause: unknown): JournalCorruptError {
  return new JournalCorruptError(`expected a whole message in ${path}, got ${String(cause)}`, {
    hint: 'it was acknowledged and is damaged: restore it, or remove it to give the message up',
    details: { file: path, offset: 0 },
    cause,
  })
}
