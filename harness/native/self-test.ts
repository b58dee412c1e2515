/** Do the native hooks work on this host? A small shell program is killed before its second write, and the evidence is looked at. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hookVariables, systemVariables } from '../life.ts'
import { buildNativeHooks, type NativeHooks } from './build.ts'
import { encodeNativeFaults } from './faults.ts'

/** The library that was seen to kill, or why there is none. */
export type TriedHooks =
  | { readonly kind: 'works'; readonly library: string }
  | { readonly kind: 'missing'; readonly why: string }

/** Ops of the program: open, write, open, write. */
const lines = 'echo first >> "$KILLPOINT_DIR/line"; echo second >> "$KILLPOINT_DIR/line"'

/** Builds and tries the native hooks, or those that are given. */
export async function tryNativeHooks(given?: NativeHooks): Promise<TriedHooks> {
  const hooks = given ?? (await buildNativeHooks())
  if (hooks.kind === 'missing') return hooks
  const { library } = hooks
  const root = mkdtempSync(join(tmpdir(), 'killpoint-hooks-'))
  try {
    const why = await whyNot(library, root)
    return why === undefined ? { kind: 'works', library } : { kind: 'missing', why }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function whyNot(library: string, root: string): Promise<string | undefined> {
  const [state, ledger] = [join(root, 'state'), join(root, 'ledger')]
  mkdirSync(state)
  const descriptor = openSync(ledger, 'a')
  const fault = {
    text: 'K4',
    at: { kind: 'op', stream: '1', n: 4 },
    act: { kind: 'kill', phase: 'before' },
  } as const
  const child = spawn('/bin/sh', ['-c', lines], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    env: {
      LD_PRELOAD: library,
      [systemVariables.directory]: state,
      [systemVariables.ledger]: ledger,
      [systemVariables.life]: '1',
      [hookVariables.lane]: 'plain',
      [hookVariables.nativeDirectory]: root,
      [hookVariables.nativeFaults]: encodeNativeFaults([fault]),
    },
  })
  const signal = await new Promise<string | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', (_, by) => resolve(by))
  })
  closeSync(descriptor)
  if (signal !== 'SIGKILL') return 'they are built, and do not kill a small shell program'
  const isProven = readFileSync(ledger, 'utf8').includes('"fault":"K4"')
  const isExact = readFileSync(join(state, 'line'), 'utf8') === 'first\n'
  return isProven && isExact ? undefined : 'their kill of a small shell program fell elsewhere'
}
