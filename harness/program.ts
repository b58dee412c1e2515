/**
 * The commands and their options. Each command is loaded when it is asked for; this file knows their options and nothing else:
 * `killpoint --help` costs little more than Node itself (`npm run bench start`).
 */
import { Command, InvalidArgumentError } from 'commander'
import {
  writableDirectory,
  writableFile,
  range,
  withCommonOptions,
  withJournalOptions,
  withOptions,
  withReportOptions,
  wholeNumber,
} from './commands/options.ts'
import type { Answering, Output } from './report/output.ts'
import { packageVersion } from './report/version.ts'

/** The whole of them. */
export const program: Command = new Command('killpoint')
  .description(
    'Kills your durable worker at every point that matters, reloads the run, and proves that it resumed.',
  )
  .version(packageVersion())
  .showHelpAfterError()
  .exitOverride()

const run = withCommonOptions(program.command('run')).description(
  'crash-test every system of killpoint.config.ts over every scenario',
)
const gate = withCommonOptions(program.command('gate')).description(
  'the same for a pipeline: the corpus first, then a budget (60s unless said otherwise), seeded by the commit',
)
const validate = withCommonOptions(
  program
    .command('validate')
    .argument(
      '<what>',
      'a module that exports createBackend or a system, or the name of a configured system',
    ),
).description(
  'a journal backend, a runtime or an executable that somebody else wrote: laws, kills, power loss, and what became of each claim',
)
for (const command of [run, gate, validate])
  withJournalOptions(withReportOptions(command))
    .option('--cases <n>', 'cases per scenario, system and workload', wholeNumber)
    .option('--workloads <n>', 'workloads per scenario and system', wholeNumber)
    .option('--resume <file>', 'run what the stopped campaign of this result.json left out')
    .option('--save', 'write failing cases into the corpus')
    .option('--no-shrink', 'leave failing cases as they are')

run.option('--no-explore', 'real processes only: no crash states in memory before them')

run.action(async (options: import('./commands/run.ts').RunOptions) => {
  const { runCommand } = await import('./commands/run.ts')
  process.exitCode = await runCommand(await project(), options, await spoken(options))
})

gate
  .option('--no-explore', 'real processes alone')
  .option('--errors', 'explore storage errors and rot too, not only crashes')
  .option(
    '--seeds <a..b>',
    'these numbered seeds, one after the other, in place of the commit',
    range,
  )
  .option('--nightly', 'the seeds of this night, for 30m; no other night has them')

gate.action(async (options: import('./commands/gate.ts').GateOptions) => {
  const { gateCommand } = await import('./commands/gate.ts')
  process.exitCode = await gateCommand(await project(), options, await spoken(options))
})

validate
  .option('--no-explore', 'real processes only: no power loss')
  .option('--law <law...>', 'these laws of a journal alone, for example J5, and no scenarios')

validate.action(async (what: string, options: import('./commands/validate.ts').ValidateOptions) => {
  const { validateCommand } = await import('./commands/validate.ts')
  const output = await spoken(options)
  process.exitCode = await validateCommand(await anyProject(), what, options, output)
})

withJournalOptions(
  withReportOptions(
    withOptions(
      program.command('explore'),
      'seed',
      'budget',
      'jobs',
      'shard',
      'profile',
      'only',
      'skip',
      'bail',
      'quiet',
      'json',
    ),
  ),
)
  .option('--out <dir>', 'write result.json into this directory', writableDirectory)
  .description('every crash state of a recorded run: kills, power loss, storage errors, rot')
  .option('--depth <n>', 'crashes in a row, from the second on in recovery', wholeNumber, 1)
  .option('--every <n>', 'crash every so manyth state again', wholeNumber, 1)
  .option('--no-errors', 'kills and power loss alone')
  .option('--save', 'write failing cases into the corpus')
  .option('--no-shrink', 'leave failing cases as they are')
  .action(async (options: import('./commands/explore.ts').ExploreCommandOptions) => {
    const { exploreCommand } = await import('./commands/explore.ts')
    const output = await spoken(options)
    process.exitCode = await exploreCommand(await anyProject(), options, output)
  })

withOptions(program.command('init'), 'json')
  .description('write a configuration, a worker and a scenario that pass as they are')
  .option('--backend [file]', 'write a journal backend to start from, and nothing else')
  .action(async (options: Answering & { readonly backend?: string | true }) => {
    const { initBackendCommand, initCommand } = await import('./commands/init.ts')
    const [directory, output] = [process.cwd(), await answers(options)]
    const { backend } = options
    process.exitCode =
      backend === undefined
        ? initCommand(directory, output)
        : initBackendCommand(directory, backend === true ? 'journal.ts' : backend, output)
  })

// No shard: a sync is judged by all scenarios together.
withOptions(
  program.command('audit'),
  'seed',
  'budget',
  'jobs',
  'profile',
  'only',
  'skip',
  'json',
  'out',
)
  .description('which syncs are load-bearing: each lies in turn, and what then breaks is told')
  .action(async (options: import('./commands/options.ts').CommonOptions) => {
    const { auditCommand } = await import('./commands/audit.ts')
    const output = await answers(options)
    process.exitCode = await auditCommand(await anyProject(), options, output)
  })

withOptions(program.command('replay'), 'budget', 'profile', 'scratch', 'quiet', 'json', 'out')
  .argument('<token|file>', 'a token as it was printed, or the path of a saved case')
  .description('run one case again, and say whether it is the same')
  .option('--times <n>', 'how often', wholeNumber, 1)
  .option('--keep', 'leave the directories of the case, and print where they are')
  .option('--unexcused', 'blame the system for what a lying disk took, as an audit does')
  .option('--inspect [life]', 'start the recovering life (or this one) under the debugger', life)
  .option('--inspect-port <port>', 'the port of the debugger, 0 for any', port)
  .option('--jobs <n>', 'how many of these at once', wholeNumber, 1)
  .action(
    async (text: string, options: Answering & import('./commands/replay.ts').ReplayOptions) => {
      const { replayCommand } = await import('./commands/replay.ts')
      const output = await answers(options)
      process.exitCode = await replayCommand(await anyProject(), text, options, output)
    },
  )

withOptions(program.command('judge').argument('<folder>', 'a folder that --artifacts made'), 'json')
  .description('judge a stored failure again with the checkers of this version; starts nothing')
  .action(async (folder: string, options: Answering) => {
    const { judgeCommand } = await import('./commands/judge.ts')
    process.exitCode = judgeCommand(folder, await answers(options))
  })

withOptions(
  program
    .command('report')
    .argument(
      '<file...>',
      'result.json of run, gate, validate or explore; also what audit and mutate gave with --json',
    ),
  'json',
)
  .description('tell a result again, join those of shards, write reports')
  .option('--merge', 'join several results into one')
  .option('--result <file>', 'write the joined result', writableFile)
  .option('--junit <file>', 'write JUnit XML', writableFile)
  .option('--html <file>', 'write the page, one file that needs nothing else', writableFile)
  .action(async (files: string[], options: import('./commands/report.ts').ReportCommandOptions) => {
    const { reportCommand } = await import('./commands/report.ts')
    process.exitCode = reportCommand(files, options, process.cwd(), await spoken(options))
  })

withOptions(program.command('mutate'), 'budget', 'shard', 'json', 'out')
  .description('plant known bugs into the reference runtime and tell which of them are caught')
  .option('--only <mutant...>', 'these mutants, or all of these classes')
  .option('--skip <mutant...>', 'all mutants but these, or but these classes')
  .option('--sample', 'a few that are caught at once')
  .option('--seed <seed>', 'the source of all randomness', 'mutants')
  .option('--cases <n>', 'cases after which a mutant has survived', wholeNumber, 150)
  .option('--jobs <n>', 'cases that run at once', wholeNumber, 2)
  .option(
    '--kills <n>',
    'besides, kills alone for each mutant that takes more: all kill states, or so many processes',
    wholeNumber,
    0,
  )
  .option('--resume', 'go on where the last run over these sources was broken off')
  .option('--docs', 'write docs/track-record.md and .json from the results of all mutants')
  .action(async (options: Answering & import('./commands/mutate.ts').MutateOptions) => {
    const [{ mutateCommand }, { scenarios }, { mutants, sampleMutants }, { bugClasses }] =
      await Promise.all([
        import('./commands/mutate.ts'),
        import('../scenarios/index.ts'),
        import('../scenarios/mutants/index.ts'),
        import('../scenarios/mutants/classes.ts'),
      ])
    process.exitCode = await mutateCommand(
      { scenarios, mutants, sample: sampleMutants, classes: bugClasses },
      options,
      await answers(options),
    )
  })

withOptions(
  program.command('shrink'),
  'budget',
  'jobs',
  'profile',
  'scratch',
  'quiet',
  'json',
  'out',
)
  .argument('<token|file>', 'a token as it was printed, or the path of a saved case')
  .description('find the smallest case with the same failure')
  .option('--save', 'write it into the corpus')
  .action(
    async (text: string, options: Answering & import('./commands/shrink.ts').ShrinkOptions) => {
      const { shrinkCommand } = await import('./commands/shrink.ts')
      const output = await answers(options)
      process.exitCode = await shrinkCommand(await anyProject(), text, options, output)
    },
  )

withOptions(program.command('inspect'), 'json', 'out')
  .argument('<dir>', 'a directory of runs, or the directory of one')
  .argument('[run]', 'the id of a run in it')
  .description('the lives, tree and timeline of a run, damaged ones too; never writes')
  .option('--records <n>', 'records of the timeline, the last ones, or all', records, 100)
  .option('--web', 'serve it as a page to this machine, until Ctrl-C')
  .option('--port <port>', 'the port of the page; any free one by default', port)
  .action(
    async (
      path: string,
      run: string | undefined,
      options: Answering & import('./commands/inspect.ts').InspectOptions,
    ) => {
      const { inspectCommand } = await import('./commands/inspect.ts')
      process.exitCode = await inspectCommand(path, run, options, await answers(options))
    },
  )

withOptions(program.command('list'), 'only', 'skip', 'json', 'out')
  .description('systems, scenarios with their faults, claims, and the corpus')
  .action(async (options: Answering & import('./commands/list.ts').ListOptions) => {
    const { listCommand } = await import('./commands/list.ts')
    process.exitCode = await listCommand(await anyProject(), options, await answers(options))
  })

withOptions(program.command('doctor'), 'scratch', 'json', 'out')
  .description('what this host can inject; each check is tried')
  .action(async (options: Answering & import('./commands/doctor.ts').DoctorOptions) => {
    const { doctorCommand } = await import('./commands/doctor.ts')
    process.exitCode = await doctorCommand(process.cwd(), options, await answers(options))
  })

/** A campaign writes its files itself. */
async function spoken({ json = false }: Answering): Promise<Output> {
  return await answers({ json })
}

async function answers(options: Answering): Promise<Output> {
  const { standardOutput } = await import('./report/output.ts')
  return standardOutput(options)
}

async function project(): Promise<import('./commands/project.ts').ConfiguredProject> {
  const [{ openProject }, { scenarios }] = await projectModules()
  return await openProject(process.cwd(), scenarios)
}

async function anyProject(): Promise<import('./commands/project.ts').Project> {
  const [{ openAnyProject }, { scenarios }] = await projectModules()
  return await openAnyProject(process.cwd(), scenarios)
}

async function projectModules(): Promise<
  [typeof import('./commands/project.ts'), typeof import('../scenarios/index.ts')]
> {
  return await Promise.all([import('./commands/project.ts'), import('../scenarios/index.ts')])
}

function port(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value < 65_536) return value
  throw new InvalidArgumentError('expected a port from 0 to 65535.')
}

function records(text: string): number {
  return text === 'all' ? Infinity : wholeNumber(text)
}

function life(text: string): number {
  return wholeNumber(text)
}
