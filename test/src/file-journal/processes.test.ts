/**
 * Owners and openers as real processes.
 */
import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileJournal } from '../../../src/file-journal.ts'
import { bodiesOf } from '../../../harness/conformance/law-asserts.ts'
import { bundle, FixtureProcess, stopped, temporaryDirectory } from '../../support/bundle.ts'

const root = temporaryDirectory('processes')
const dir = `${root}/runs`
let program = ''

beforeAll(async () => {
  program = await bundle(new URL('fixtures/worker.ts', import.meta.url), root)
})

afterAll(() => fs.rmSync(root, { recursive: true }))

interface Answer {
  readonly kind: string
  readonly code?: string
  readonly bodies?: readonly string[]
}

describe('openers at once, after the owner was killed', () => {
  test.each([
    [2, 'if-dead'],
    [2, 'always'],
    [12, 'if-dead'],
    [12, 'always'],
  ] as const)('%i openers, takeover %s: one ends up owning', async (count, takeover) => {
    const runId = `openers-${count}-${takeover}`
    await ownAndDie(runId)
    const openers = Array.from({ length: count }, () => start(runId, takeover))
    for (const opener of openers) await opener.next()
    for (const opener of openers) opener.say('open')
    const opened = await Promise.all(openers.map((opener) => answer(opener)))
    for (const { kind, code, bodies } of opened) {
      if (kind === 'opened') expect(bodies).toEqual(['one', 'two'])
      else expect(code).toBe('RUN_OWNED')
    }
    const owners = openers.filter((_, index) => opened[index]?.kind === 'opened')
    for (const owner of owners) owner.say('append mine')
    const appended = await Promise.all(owners.map((owner) => answer(owner)))
    expect(appended.filter(({ kind }) => kind === 'appended')).toHaveLength(1)
    for (const { code } of appended.filter(({ kind }) => kind === 'error')) {
      expect(code).toBe('FENCED')
    }
    for (const opener of openers) opener.say('close')
    await Promise.all(openers.map(({ exit }) => exit))
    const image = await fileJournal({ dir }).read(runId)
    expect(bodiesOf(image?.records)).toEqual(['one', 'two', 'mine'])
  })
})

describe.runIf(process.platform === 'linux')('a stopped owner', () => {
  test.each(['before-write', 'before-sync', 'before-check'])(
    'that stopped %s is fenced when it goes on, and nothing more of it is seen',
    async (place) => {
      const runId = `zombie-${place}`
      const zombie = start(runId, 'if-dead', place)
      await zombie.next()
      zombie.say('open')
      await zombie.next()
      zombie.say('append one')
      await zombie.next()
      zombie.say('append two')
      expect(await zombie.next()).toEqual({ kind: 'stopping' })
      await stopped(zombie.pid)

      const backend = fileJournal({ dir })
      await expect(backend.open(runId)).rejects.toMatchObject({
        code: 'RUN_OWNED',
        details: { pid: zombie.pid },
      })
      const successor = await backend.open(runId, { takeover: 'always' })
      const recovered = bodiesOf(successor.recovered)
      expect(recovered).toEqual(place === 'before-write' ? ['one'] : ['one', 'two'])
      await successor.append(['three'])

      zombie.signal('SIGCONT')
      expect(await zombie.next()).toEqual({ kind: 'error', code: 'FENCED' })
      zombie.say('append four')
      expect(await zombie.next()).toEqual({ kind: 'error', code: 'FENCED' })
      zombie.say('close')
      await zombie.exit

      await successor.append(['five'])
      await successor.close()
      const next = await backend.open(runId)
      expect(bodiesOf(next.recovered)).toEqual([...recovered, 'three', 'five'])
      await next.close()
    },
  )
})

async function ownAndDie(runId: string): Promise<void> {
  const owner = start(runId, 'if-dead')
  await owner.next()
  for (const line of ['open', 'append one', 'append two']) {
    owner.say(line)
    await owner.next()
  }
  owner.signal('SIGKILL')
  expect(await owner.exit).toBe('SIGKILL')
}

function start(runId: string, takeover: string, stopAt = ''): FixtureProcess {
  return new FixtureProcess(program, [dir, runId, takeover, stopAt])
}

async function answer(opener: FixtureProcess): Promise<Answer> {
  return (await opener.next()) as Answer
}
