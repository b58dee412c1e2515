import { spawn } from 'node:child_process'
import fs from 'node:fs'
import readline from 'node:readline'
import { describe, expect, test } from 'vitest'
import { describeOwner, type OwnerIdentity, sameOwner, systemIdentity } from '../../src/identity.ts'

const self = await systemIdentity.self()
const onLinux = process.platform === 'linux'

describe('liveness', () => {
  test('this process is alive', async () => {
    expect(await systemIdentity.liveness(self)).toBe('alive')
    expect(sameOwner(self, await systemIdentity.self())).toBe(true)
  })

  test('a process that is gone is dead', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.on('exit', resolve))
    expect(await systemIdentity.liveness({ ...self, pid: child.pid ?? 0 })).toBe('dead')
  })

  test('a recycled pid is dead: the process behind it started at another time', async () => {
    const start = onLinux ? '1' : '86400'
    expect(await systemIdentity.liveness({ ...self, start })).toBe('dead')
  })

  test.runIf(onLinux)('a process that nobody has reaped is dead', async () => {
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 600'])
    const lines = readline.createInterface({ input: parent.stdout })[Symbol.asyncIterator]()
    const pid = Number((await lines.next()).value)
    const start = await unreaped(pid)
    expect(await systemIdentity.liveness({ ...self, pid, start })).toBe('dead')
    parent.kill('SIGKILL')
  })

  test.each<[string, Partial<OwnerIdentity>, string]>([
    ['an earlier boot of this host', { boot: 'other' }, 'dead'],
    ['another host', { boot: 'other', host: 'other' }, 'unknown'],
    ['another pid namespace', { pidNamespace: 'pid:[1]' }, 'unknown'],
    ['this machine under an earlier name', { host: 'other' }, 'alive'],
  ])('%s: %s', async (_, difference, expected) => {
    expect(await systemIdentity.liveness({ ...self, ...difference })).toBe(expected)
  })

  test('a process of another user is seen', async () => {
    const start = onLinux ? startOf(1) : self.start
    const liveness = await systemIdentity.liveness({ ...self, pid: 1, start })
    expect(liveness).toBe(onLinux ? 'alive' : 'dead')
  })
})

test('an owner without a name is called by host and pid', () => {
  expect(describeOwner({ ...self, host: 'box', pid: 7 })).toBe('box pid 7')
})

test('every part of an identity tells two owners apart', () => {
  const others: readonly Partial<OwnerIdentity>[] = [
    { host: 'x' },
    { boot: 'x' },
    { pidNamespace: 'x' },
    { pid: 0 },
    { start: 'x' },
    { thread: 9 },
  ]
  for (const other of others) expect(sameOwner(self, { ...self, ...other })).toBe(false)
})

/** Waits until the process has ended and only its entry is left; when it started. */
async function unreaped(pid: number): Promise<string> {
  for (;;) {
    const fields = statOf(pid)
    if (fields[0] === 'Z') return fields[19] ?? ''
    await new Promise(setImmediate)
  }
}

function startOf(pid: number): string {
  return statOf(pid)[19] ?? ''
}

/** The fields of `/proc/PID/stat` from the third one, the state, on. */
function statOf(pid: number): readonly string[] {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
