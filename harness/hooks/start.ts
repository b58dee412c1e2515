/** The start of a preload: once per thread, if the environment asks for it. */
import { install, isThread } from './install.ts'
import type { Entrance } from './install.ts'
import { readSettings, threadStream } from './settings.ts'

const marker = Symbol.for('killpoint.hooks')

/**
 * Installs the hooks at this entrance. `preload`: the file that was loaded, for child processes to load too. True if sites will
 * be asked for.
 */
export function start(entrance: Entrance, preload: string): boolean {
  const holder = process as unknown as Record<symbol, unknown>
  if (holder[marker] !== undefined) return false
  const settings = readSettings(process.env)
  if (settings === undefined) return false
  const stream = isThread() ? threadStream(settings.stream, threadId()) : settings.stream
  holder[marker] = install({ ...settings, stream }, entrance, preload)
  return settings.lane === 'recording'
}

function threadId(): number {
  return process.getBuiltinModule('node:worker_threads').threadId
}
