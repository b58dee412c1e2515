/**
 * The command line of killpoint: runs a command, and says with which code it ended.
 */
import { writeSync } from 'node:fs'
import { HarnessError, UsageError } from './errors.ts'
import { writeTrouble } from './report/write-trouble.ts'
import { program } from './program.ts'
import { exitCodes } from './verdict.ts'

/** Runs the command that the arguments name, and ends the process. */
export async function main(): Promise<void> {
  let unsaid: HarnessError | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads may leave, as `head` does: the exit code is the answer all the same.
    if (error.code !== 'EPIPE') unsaid ??= writeTrouble('standard output', error)
  })
  // Progress, and errors whose exit code tells them too: there is no third place to say that nobody hears them.
  process.stderr.on('error', () => {})
  let isOver = false
  process.on('exit', (code) => {
    if (!isOver && (code === 0 || code === unsettled)) process.exitCode = endedEarly()
  })
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = await failed(error)
  }
  // A backend that was looked at may hold connections and timers open: nobody waits for them.
  await Promise.all([drained(process.stdout), drained(process.stderr)])
  if (unsaid !== undefined) {
    process.stderr.write(`${unsaid.message}\n`)
    await drained(process.stderr)
    process.exitCode = exitCodes.harness
  }
  isOver = true
  process.exit()
}

/** Node's own exit code where nothing is left to do and what was waited for has not come. */
const unsettled = 13

/** Code of the user's runs in this process too, workloads and faults are drawn by it: none of it may end a command as a pass. */
function endedEarly(): number {
  const text = 'this process ended before its command did: nothing that it said is an answer'
  const hint =
    'look for process.exit, and for what never resolves, in your configuration and scenarios'
  writeSync(process.stderr.fd, `${text}\n  hint: ${hint}\n`)
  return exitCodes.harness
}

async function drained(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()))
}

/** Usage errors end with 3, everything unexpected is a fault of the harness and ends with 4. */
async function failed(error: unknown): Promise<number> {
  const { code, exitCode } = (error ?? {}) as { code?: string; exitCode?: number }
  if (code?.startsWith('commander.') === true) return exitCode === 0 ? 0 : exitCodes.usage
  const told = error instanceof UsageError || error instanceof HarnessError
  const text = told ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`${text}\n`)
  const exit = error instanceof UsageError ? exitCodes.usage : exitCodes.harness
  const { message, hint, details } = told ? error : { message: String(error) }
  // Where a machine reads, it is told of errors too.
  const json = process.argv.includes('--json')
  const { hasAnswered, standardOutput } = await import('./report/output.ts')
  standardOutput({ json: json && !hasAnswered() }).json({
    version: 1,
    exitCode: exit,
    error: { code, message, hint, details },
  })
  return exit
}
