/** `killpoint shrink TOKEN|FILE`: the smallest case with the same failure. */
import { seeAgain, savedFrom, seenAgainText } from '../campaign/settle.ts'
import { shrinkFailure } from '../campaign/shrinker.ts'
import { liveProfile } from '../campaign/trial.ts'
import { Workbench } from '../campaign/workbench.ts'
import { saveCase } from '../corpus/corpus.ts'
import { replay } from '../replay/replay.ts'
import { environmentLine, readEnvironment } from '../report/environment.ts'
import { storyText } from '../report/failure-story.ts'
import type { Output } from '../report/output.ts'
import { exitCode, isBreach } from '../verdict.ts'
import { budgetOf } from './campaign-command.ts'
import { quietMs, type CommonOptions } from './options.ts'
import type { Project } from './project.ts'
import { find, profileOf, refuseImpossible } from './replay.ts'
import { stopOnSignals } from './stop.ts'
import { savedNote, shrunkParts, storyOf } from './story.ts'

export interface ShrinkOptions extends Pick<
  CommonOptions,
  'budget' | 'jobs' | 'profile' | 'scratch' | 'quiet'
> {
  readonly save?: boolean
}

/** Milliseconds. */
const budgetMs = 120_000

/** Shrinks a case that fails, prints the smallest, and gives the exit code: 1 where it still fails. */
export async function shrinkCommand(
  project: Project,
  text: string,
  options: ShrinkOptions,
  output: Output,
): Promise<number> {
  const wanted = await find(project, text)
  const { directory, records, corpus } = project
  const environment = readEnvironment(directory)
  output.say(`${environmentLine(environment)}\n`)
  const stopping = stopOnSignals()
  const { jobs, scratch, quiet = quietMs } = options
  const live = { jobs, quietMs: quiet, ...(scratch === undefined ? {} : { scratch }) }
  const bench = new Workbench(live, profileOf(wanted, options))
  try {
    const replayed = await replay(bench, { ...wanted.order, times: 1 })
    refuseImpossible(replayed)
    const report = replayed.reports.find(({ verdict }) => isBreach(verdict))
    if (report === undefined) {
      output.json({ version: 1, verdict: replayed.verdict, outcome: replayed.outcome })
      output.say(`there is nothing to shrink: ${wanted.text} gives ${replayed.verdict}`)
      return exitCode(replayed.verdict)
    }
    const isOver = budgetOf(options.budget ?? budgetMs, stopping.signal)
    const progress = output.progress()
    let smallest = ''
    const shrunk = await shrinkFailure(bench, report, {
      jobs,
      isOver,
      onTried: (tried, fails, { faults, steps }) => {
        if (fails) smallest = `  fails still with ${faults} faults and ${steps} steps`
        progress.update(`${tried} smaller cases tried${smallest}`)
      },
    })
    progress.end()
    const again = await seeAgain(bench, shrunk.report)
    const found = environmentLine(environment)
    const saved = await savedFrom(bench, shrunk.report, found, liveProfile)
    await saveCase(records, saved)
    const file = options.save === true ? await saveCase(corpus, saved) : undefined
    const story = await storyOf(bench, shrunk.report, {
      directory,
      environment,
      ...shrunkParts(shrunk, file === undefined ? [] : [savedNote(directory, file)]),
      reproduced: seenAgainText(again),
    })
    const { verdict, token } = shrunk.report
    const { before, after } = shrunk
    const { k, n, exact } = again
    output.json({ version: 1, verdict, token, before, after, again: { k, n, exact } })
    output.say(storyText(story, output.ink))
    return exitCode(verdict)
  } finally {
    await bench.close()
    stopping.forget()
  }
}
