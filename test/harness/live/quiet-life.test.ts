import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { endWhenQuiet } from '../../../harness/live/quiet-life.ts'

/** A process in a group of its own that runs this until it is ended. */
function begin(code: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' })
}

it.each([
  ['waits', 'setInterval(() => {}, 1e9)'],
  ['computes', 'for (;;) {}'],
])('a life that %s without end and shows nothing is put down', async (_, code) => {
  const life = begin(code)
  const forget = endWhenQuiet(life.pid ?? 0, () => 'the same', 200)
  expect(await once(life, 'exit')).toEqual([null, 'SIGKILL'])
  forget()
})

it('a life that goes on showing something is left alone, however long it takes', async () => {
  const life = begin('setInterval(() => {}, 1e9)')
  let looks = 0
  const shown = new Promise<void>((resolve) => {
    const forget = endWhenQuiet(
      life.pid ?? 0,
      () => {
        looks += 1
        // Ten times what it is given without showing anything.
        if (looks === 200) {
          forget()
          resolve()
        }
        return `${looks}`
      },
      100,
    )
  })
  await shown
  expect(life.exitCode).toBe(null)
  expect(life.signalCode).toBe(null)
  life.kill('SIGKILL')
  await once(life, 'exit')
})
