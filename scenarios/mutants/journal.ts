/** Mutants of the file journal that a process that dies, stops or races can show. */
import type { Mutant } from '../../harness/mutate/mutant.ts'

export const journalMutants: readonly Mutant[] = [
  {
    id: 'B04-torn-line-accepted',
    class: 'B04',
    title: 'a torn batch with a newline behind it is read as a whole one',
    file: 'src/file-journal/batch-reader.ts',
    find: 'return sumHolds(bytes, at, end, frame.crc, this.#key) ? end : 0',
    replace: 'return end',
    verdicts: ['CORRUPT_ACCEPTED', 'PHANTOM', 'LOST_COMMIT', 'WEDGED'],
    scenarios: ['loop', 'recovery'],
    needs: 'kill',
    cites: ['openai/codex#24425'],
  },
  {
    id: 'B04-half-batch-accepted',
    class: 'B04',
    title: 'the records of a torn batch are read up to the torn one',
    file: 'src/file-journal/batch-reader.ts',
    find: 'return sumHolds(bytes, at, end, frame.crc, this.#key) ? end : 0',
    replace: `if (sumHolds(bytes, at, end, frame.crc, this.#key)) return end
    if (frame.records === 1) return 0
    frame.records -= 1
    return batchEnd(text, at, frame.records)`,
    verdicts: ['PHANTOM', 'CORRUPT_ACCEPTED', 'LOST_COMMIT', 'WEDGED'],
    scenarios: ['tool-batch', 'cancel'],
    needs: 'kill',
    cites: ['octos-org/octos#2006'],
  },
  {
    id: 'B04-torn-tail-refused',
    class: 'B04',
    title: 'a torn append is taken for damage, and the run is never opened again',
    file: 'src/file-journal/own-batches.ts',
    find: 'if (tail.fileEnd < promisedLength)',
    replace: 'if (tail.torn > 0)',
    verdicts: ['WEDGED'],
    scenarios: ['loop', 'large-payloads'],
    needs: 'kill',
    cites: ['can1357/oh-my-pi#8596'],
  },
  {
    id: 'B04-short-write-ignored',
    class: 'B04',
    title: 'one call writes a batch, and the number of bytes that it wrote is not looked at',
    file: 'src/blobs.ts',
    find: `    done += count
  }
}`,
    replace: `    done += count
    return
  }
}`,
    verdicts: ['FALSE_ACK', 'LOST_COMMIT', 'PHANTOM', 'CORRUPT_ACCEPTED', 'WEDGED'],
    scenarios: ['loop'],
    needs: 'disk',
    cites: ['anthropics/claude-code#81843'],
  },
  {
    id: 'B06-acked-before-write',
    class: 'B06',
    title: 'an append resolves before anything of it is written',
    file: 'src/commit-queue.ts',
    find: 'if (this.#flushing) return\n',
    replace: `resolve(this.#seq + this.#queue.length)
      if (this.#flushing) return\n`,
    verdicts: ['LOST_COMMIT', 'REDONE'],
    scenarios: ['loop', 'recovery'],
    needs: 'kill',
    cites: ['MoonshotAI/kimi-code#3531'],
  },
  {
    id: 'B06-buffered',
    class: 'B06',
    title: 'appends are acknowledged into a buffer that is written when it holds four',
    file: 'src/commit-queue.ts',
    find: 'if (this.#flushing) return\n',
    replace: `resolve(this.#seq + this.#queue.length)
      if (this.#flushing || this.#queue.length < 4) return\n`,
    verdicts: ['LOST_COMMIT', 'REDONE'],
    scenarios: ['loop', 'recovery'],
    needs: 'kill',
    cites: ['chroma-core/chroma#674'],
  },
  {
    id: 'B09-blob-in-place',
    class: 'B09',
    title: 'a blob is written straight to its final name',
    file: 'src/blobs.ts',
    find: '  const temporary = `${target}.${nonce}.tmp`\n',
    replace: `  const direct = fileSystem.exists(target) ? undefined : await fileSystem.create(target)
  if (direct !== undefined) writeWhole(direct, bytes, 0)
  await direct?.sync()
  await direct?.close()
  if (nonce !== '') return
  const temporary = ''
`,
    verdicts: ['CORRUPT_ACCEPTED', 'LOST_COMMIT', 'WEDGED'],
    scenarios: ['large-payloads'],
    needs: 'kill',
    cites: ['louischatriot/nedb#92'],
  },
  {
    id: 'B12-claim-not-exclusive',
    class: 'B12',
    title: 'a segment is published by a rename, so that two openers get the same number',
    file: 'src/file-journal/open.ts',
    find: 'await source.fileSystem.link(temporary, path)',
    replace: 'await source.fileSystem.rename(temporary, path)',
    verdicts: ['ZOMBIE_WRITE', 'REDONE', 'LOST_COMMIT', 'PHANTOM'],
    scenarios: ['concurrent-resume'],
    needs: 'race',
    cites: ['mastra-ai/mastra#20512'],
  },
  {
    id: 'B13-no-look-before-ack',
    class: 'B13',
    title: 'an append is acknowledged without a look for a newer owner',
    file: 'src/file-journal/segment-writer.ts',
    find: '    this.#check()\n',
    replace: '',
    verdicts: ['ZOMBIE_WRITE'],
    scenarios: ['zombie'],
    needs: 'stop',
    cites: ['Altinn/altinn-studio#18506'],
  },
  {
    id: 'B13-look-before-write',
    class: 'B13',
    title: 'the look for a newer owner comes before the write instead of after it',
    file: 'src/file-journal/segment-writer.ts',
    find: `    this.#write(records)
    await this.#sync()
    this.#check()
`,
    replace: `    this.#check()
    this.#write(records)
    await this.#sync()
`,
    verdicts: ['ZOMBIE_WRITE'],
    scenarios: ['zombie'],
    needs: 'stop',
    cites: ['aegra/aegra#547'],
  },
  {
    id: 'B13-seal-ignored',
    class: 'B13',
    title: 'readers take whatever an old segment holds, also behind what its successor accepted',
    file: 'src/file-journal/sealed-range.ts',
    find: `  const read = await readRange(source, epoch, range, records)
`,
    replace: `  const read = await readRange(source, epoch, { ...range, end: Infinity }, records)
  if (read.batches >= range.batches) return
`,
    verdicts: ['ZOMBIE_WRITE', 'PHANTOM', 'DIVERGED'],
    scenarios: ['zombie'],
    needs: 'stop',
    cites: ['windmill-labs/windmill#9214'],
  },
  {
    id: 'B14-stale-lock',
    class: 'B14',
    title: 'the claim of an owner that died is never given up',
    file: 'src/file-journal/takeover.ts',
    find: "if (liveness === 'dead' && takeover === 'if-dead') return",
    replace: 'if (header === undefined) return',
    verdicts: ['WEDGED'],
    scenarios: ['loop', 'recovery'],
    needs: 'kill',
    cites: ['moxystudio/node-proper-lockfile#121'],
  },
  {
    id: 'B14-pid-alone',
    class: 'B14',
    title: 'an owner is taken for alive where any process has its pid',
    file: 'src/identity.ts',
    find: "return holder.began(owner.start) ? 'alive' : 'dead'",
    replace: "return 'alive'",
    verdicts: ['WEDGED'],
    scenarios: ['live-owner'],
    needs: 'kill',
    cites: ['anthropics/claude-code#72898'],
  },
  {
    id: 'B14-never-asked',
    class: 'B14',
    title: 'whoever has a run is taken for dead',
    file: 'src/ownership.ts',
    find: 'return identity.liveness(life.owner)',
    replace: "return 'dead'",
    verdicts: ['ZOMBIE_WRITE'],
    scenarios: ['live-owner'],
    needs: 'race',
    cites: ['moxystudio/node-proper-lockfile#121'],
  },
  {
    id: 'N01-in-memory',
    class: 'N01',
    title: 'the journal is silently in memory',
    file: 'src/file-journal.ts',
    find: '    open: async (runId, openOptions = {}) => {\n',
    replace: `    open: async (runId, openOptions = {}) => {
      const { memoryJournal } = await import('./memory-journal.ts')
      if (openOptions !== undefined) return memoryJournal().open(runId, openOptions)
`,
    verdicts: ['LOST_COMMIT', 'REDONE', 'ZOMBIE_WRITE'],
    scenarios: ['recovery', 'loop'],
    needs: 'kill',
    cites: [],
  },
  {
    id: 'N01-deleted',
    class: 'N01',
    title: 'the run directory is deleted when the run is opened',
    file: 'src/file-journal/open.ts',
    find: '  await makeRunDirectory(',
    replace: `  const { rmSync } = process.getBuiltinModule('node:fs')
  rmSync(run.directory, { recursive: true, force: true })
  await makeRunDirectory(`,
    verdicts: ['LOST_COMMIT', 'REDONE', 'ZOMBIE_WRITE'],
    scenarios: ['recovery', 'loop'],
    needs: 'kill',
    cites: [],
  },
]
