/**
 * Starts one life of a case under the debugger: the engine is given an executable that is Node, except that for this life it
 * waits for a debugger before the first line.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemVariables } from '../life.ts'

/** An executable to hand to the engine. */
export interface Inspector {
  readonly node: string
  /** What to tell the person who waits. */
  readonly howTo: string
  readonly remove: () => void
}

/** The port that debuggers look at first. */
export const inspectPort = 9229

/** Makes the executable for one life of a run. POSIX only. */
export function inspectLife(life: number, runId: string, port: number = inspectPort): Inspector {
  const directory = mkdtempSync(join(tmpdir(), 'killpoint-inspect-'))
  const node = join(directory, 'node')
  const quoted = `'${process.execPath.replaceAll("'", `'\\''`)}'`
  writeFileSync(
    node,
    `#!/bin/sh
if [ "$${systemVariables.life}" = "${life}" ] && [ "$${systemVariables.runId}" = "${runId}" ] && [ "$${systemVariables.verb}" = run ]; then
  exec ${quoted} --inspect-brk=127.0.0.1:${port} "$@"
fi
exec ${quoted} "$@"
`,
  )
  chmodSync(node, 0o755)
  return {
    node,
    howTo: [
      `life ${life} waits for a debugger on 127.0.0.1:${port} before its first line`,
      `  attach with: node inspect 127.0.0.1:${port}   or open chrome://inspect, or attach from your editor`,
      '  it goes on when you do; Ctrl-C here ends it all',
    ].join('\n'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
