#!/usr/bin/env node
/** The command line of killpoint. */
import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { exitCodes } from './verdict.ts'
import { packageVersion } from './report/environment.ts'

const program = new Command('killpoint')
  .description(
    'Kills your durable worker at every point that matters, reloads the run, and proves that it resumed.',
  )
  .version(packageVersion())
  .showHelpAfterError()
  .exitOverride()

program
  .command('run')
  .description('crash-test every system of killpoint.config.ts over every scenario')
  .option(
    '--seed <seed>',
    'the source of all randomness; a new one is printed where it is left out',
  )
  .option('--jobs <n>', 'cases that run at once', wholeNumber, availableParallelism())
  .option('--cases <n>', 'cases per scenario, system and workload', wholeNumber)
  .option('--workloads <n>', 'workloads per scenario and system', wholeNumber)
  .option('--only <scenario...>', 'these scenarios and no others')
  .option('--skip <scenario...>', 'all scenarios but these')
  .option('--json', 'the result as JSON on standard output')
  .action(async (options: import('./commands/run.ts').RunOptions) => {
    const [{ runCommand }, { loadConfig }, { scenarios }] = await Promise.all([
      import('./commands/run.ts'),
      import('./config.ts'),
      import('../scenarios/index.ts'),
    ])
    process.exitCode = await runCommand(await loadConfig(process.cwd()), scenarios, options)
  })

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = failed(error)
}

/** Usage errors end with 3, everything unexpected is a fault of the harness and ends with 4. */
function failed(error: unknown): number {
  const { code, exitCode } = error as { code?: string; exitCode?: number }
  if (code?.startsWith('commander.') === true) return exitCode === 0 ? 0 : exitCodes.usage
  const name = (error as Error).name
  process.stderr.write(
    `${name === 'UsageError' || name === 'HarnessError' || name === 'TroubleError' ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`,
  )
  return name === 'UsageError' ? exitCodes.usage : exitCodes.harness
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new InvalidArgumentError('expected a whole number from 1.')
}
