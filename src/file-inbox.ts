/**
 * An inbox of files: one file per message, `<dir>/.inbox/<run>/<number>-<nonce>.json`, on a local disk.
 *
 * A message is written to a temporary file, synced, renamed to a name that nobody else can have (the nonce), and the
 * directories above it are synced: it is whole or absent, and durable when `publish` resolves. The number is one above the
 * highest seen, so that names sort by publication; the nonce keeps a number that is used again from being taken for the
 * message that a record already names.
 */
import { join } from 'node:path'
import { JournalCorruptError, StorageError, systemCode } from './errors.ts'
import { systemFileSystem, type FileSystem } from './file-system.ts'
import type { Inbox, InboxMessage, NewMessage } from './inbox.ts'
import { assertJson } from './json.ts'
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

/** The inbox of one run. It writes nothing until something is published. */
export function fileInbox(options: FileInboxOptions): Inbox {
  const { dir, runId, fileSystem = systemFileSystem, random = systemRandom, pollMs = 25 } = options
  const above = join(dir, '.inbox')
  const home = join(above, runDirectoryName(runId))
  const known = new Map<string, InboxMessage>()

  const ids = async (): Promise<readonly string[]> => {
    if (!fileSystem.exists(home)) return []
    const names = await fileSystem.list(home)
    return names
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .sort()
  }

  return {
    publish: async (message) => {
      assertJson(message, 'message')
      for (const path of [dir, above, home]) await makeDirectory(fileSystem, path)
      const last = (await ids()).at(-1)
      const number = last === undefined ? 1 : Number.parseInt(last, 10) + 1
      const id = `${String(number).padStart(8, '0')}-${random.nonce()}`
      await publishFile(fileSystem, join(home, `${id}${suffix}`), encode(message))
      for (const path of [home, above, dir]) await fileSystem.syncDirectory(path)
      return id
    },
    pending: async () => {
      const messages: InboxMessage[] = []
      for (const id of await ids()) {
        const message = known.get(id) ?? (await readMessage(fileSystem, home, id))
        if (message === undefined) continue
        known.set(id, message)
        messages.push(message)
      }
      return messages
    },
    remove: async (id) => {
      known.delete(id)
      await unlinkQuietly(fileSystem, join(home, `${id}${suffix}`))
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

function encode(message: NewMessage): Uint8Array {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`)
  if (bytes.length <= messageBytesMax) return bytes
  throw new StorageError(
    `expected a message of at most ${messageBytesMax} bytes, got ${bytes.length}`,
    {
      hint: 'put the payload where the run can read it and send its name',
    },
  )
}

async function makeDirectory(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.makeDirectory(path)
  } catch (error) {
    throw storageError(`directory ${path} could not be made`, error)
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
  let text: string
  try {
    const file = await fileSystem.open(path)
    try {
      const target = new Uint8Array(Math.min(await file.size(), messageBytesMax))
      let length = 0
      for (let got = -1; got !== 0 && length < target.length; length += got)
        got = await file.read(target.subarray(length), length)
      text = new TextDecoder('utf-8', { fatal: true }).decode(target.subarray(0, length))
    } finally {
      await file.close()
    }
  } catch (error) {
    // Consumed by another life between the listing and here.
    if (systemCode(error) === 'ENOENT') return undefined
    throw damaged(path, error)
  }
  try {
    return { ...(JSON.parse(text) as NewMessage), id } as InboxMessage
  } catch (error) {
    throw damaged(path, error)
  }
}

async function unlinkQuietly(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.unlink(path)
  } catch (error) {
    // Gone already, or it stays: a spent message is known by the record that names it.
    if (systemCode(error) === undefined) throw error
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

function damaged(path: string, cause: unknown): JournalCorruptError {
  return new JournalCorruptError(`expected a whole message in ${path}, got ${String(cause)}`, {
    hint: 'the file was acknowledged and is damaged or unreadable: restore it or its permissions, or remove it to give the message up',
    details: { file: path, offset: 0 },
    cause,
  })
}
