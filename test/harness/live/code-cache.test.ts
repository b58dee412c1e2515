import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withCodeCache } from '../../../harness/live/code-cache.ts'
import { startFlags } from '../../../harness/live/node-flags.ts'
import type { Service } from '../../../harness/system.ts'
import { toy } from './toy.ts'

let directory = ''
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'killpoint-cache-'))))
afterEach(() => rmSync(directory, { recursive: true }))

async function cached(
  text: string,
  services: readonly Service[] = [],
): Promise<{ bundle: string; loader: string; flags: readonly string[] }> {
  const bundle = join(directory, 'worker.cjs')
  writeFileSync(bundle, text)
  const flags = await startFlags()
  const loader = await withCodeCache(bundle, { ...toy(), services }, process.execPath, flags)
  return { bundle, loader, flags }
}

function run(file: string, flags: readonly string[] = []): string {
  return execFileSync(process.execPath, [...flags, file], { encoding: 'utf8' })
}

describe('code cache', () => {
  it('is made by a rehearsal, which leaves nothing else', async () => {
    await cached('console.log(1)')
    expect(readdirSync(directory).sort()).toEqual(['start.cjs', 'worker.cjs', 'worker.cjs.cache'])
    expect(statSync(join(directory, 'worker.cjs.cache')).size).toBeGreaterThan(100)
  })

  it('is not rehearsed where services would see it, and starts all the same', async () => {
    const service: Service = {
      name: 'server',
      scope: 'campaign',
      start: () => Promise.reject(new Error('not started here')),
    }
    const { loader, flags } = await cached('console.log(1)', [service])
    expect(readdirSync(directory).sort()).toEqual(['start.cjs', 'worker.cjs'])
    expect(run(loader, flags)).toBe('1\n')
  })

  it('starts without it where Node does not take it', async () => {
    const { loader, flags } = await cached('console.log(1)')
    expect(run(loader, [...flags, '--max-lazy'])).toBe('1\n')
    writeFileSync(join(directory, 'worker.cjs.cache'), 'no cache')
    expect(run(loader, flags)).toBe('1\n')
  })

  it('changes nothing that a module sees of itself', async () => {
    const { bundle, loader, flags } = await cached(`
      const at = () => new Error('here').stack.split('\\n')[1].trim()
      console.log(__filename, __dirname, at(), require.main === module, this === module.exports)
    `)
    expect(run(loader, flags)).toBe(run(bundle, flags))
    const first = await cached("console.log(new Error('first line').stack.split('\\n')[1].trim())")
    expect(run(first.loader, flags)).toContain(`${first.bundle}:1:13`)
  })
})
