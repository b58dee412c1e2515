/**
 * An append to a run of a million records against one to a run of ten: bytes, syncs and time.
 */
import { fileJournal } from '../src/file-journal.ts'
import { type FileSystem, systemFileSystem } from '../src/file-system.ts'
import type { Journal } from '../src/journal.ts'
import { stepBody } from './append-rate.ts'
import { largeRecords } from './large-run.ts'
import { inTurns, median } from './measure.ts'
import type { Row } from './row.ts'

const block = 25
const rounds = 60

/** What a journal does to the disk. */
class Counter {
  bytes = 0
  syncs = 0
  readonly fileSystem: FileSystem = {
    ...systemFileSystem,
    create: async (path) => {
      const file = await systemFileSystem.create(path)
      return {
        ...file,
        write: (bytes, position) => {
          this.bytes += bytes.length
          return file.write(bytes, position)
        },
        sync: () => {
          this.syncs++
          return file.sync()
        },
      }
    },
  }
}

export async function appendCost(dir: string): Promise<readonly Row[]> {
  const small = new Counter()
  const large = new Counter()
  const smallRun = await openSmall(dir, small)
  const largeRun = await fileJournal({ dir, fileSystem: large.fileSystem }).open('single')
  for (const counter of [small, large]) Object.assign(counter, { bytes: 0, syncs: 0 })

  // Twice in each round, in mirrored order: who comes second meets what the first one left to the disk.
  const [small1 = [], large1 = [], large2 = [], small2 = []] = await inTurns(rounds, [
    () => appendBlock(smallRun),
    () => appendBlock(largeRun),
    () => appendBlock(largeRun),
    () => appendBlock(smallRun),
  ])
  await smallRun.close()
  await largeRun.close()
  const time = median([...large1, ...large2]) / median([...small1, ...small2])
  const bytes = large.bytes / small.bytes
  return [
    {
      what: `append to a run of ${largeRecords} records against one of 10`,
      measured: `${bytes.toFixed(2)} x the bytes, ${(large.syncs / small.syncs).toFixed(2)} x the syncs, ${time.toFixed(2)} x the time`,
      wanted: 'the same',
      // A seq of a million has a few digits more.
      holds: bytes < 1.1 && large.syncs === small.syncs && time < 1.25,
    },
  ]
}

async function openSmall(dir: string, counter: Counter): Promise<Journal> {
  const backend = fileJournal({ dir, fileSystem: counter.fileSystem })
  const first = await backend.open('small')
  for (let index = 0; index < 10; index++) await first.append([stepBody(index)])
  await first.close()
  return backend.open('small')
}

async function appendBlock(journal: Journal): Promise<void> {
  for (let index = 0; index < block; index++) await journal.append([stepBody(index)])
}
