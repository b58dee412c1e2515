/** A result as workflow commands of GitHub: an error at the guilty line of each failure, a warning for each stale case. */
import type { Result } from './result/result.ts'
import { outcomeRank, type Verdict } from '../verdict.ts'

/** One command a line. `prefix`: path of the project in the repository, with its slash. */
export function annotations(result: Result, prefix = ''): readonly string[] {
  const stale = result.corpus.filter(
    ({ outcome }) => outcome === 'stale' || outcome === 'not-fired',
  )
  return [
    ...result.failures.map((failure) => {
      const { scenario, system, verdict, place, what, guilty, token } = failure
      const level = outcomeRank(verdict as Verdict) === 3 ? 'error' : 'warning'
      return command(
        level,
        {
          ...(place === undefined
            ? {}
            : { file: `${prefix}${place.file}`, line: String(place.line) }),
          title: `${verdict}: ${scenario} × ${system}`,
        },
        [what, guilty, `npx killpoint replay ${token}`].filter(Boolean).join('\n'),
      )
    }),
    ...stale.map(({ file, text }) =>
      command('warning', { file: `${prefix}${file}`, title: 'stale saved case' }, text),
    ),
    ...(result.failures.length === 0 && outcomeRank(result.verdict as Verdict) === 1
      ? [command('warning', { title: 'inconclusive' }, inconclusive(result))]
      : []),
  ]
}

function inconclusive(result: Result): string {
  return result.inconclusive.join('\n') || 'it was stopped, or nothing was shown'
}

function command(
  level: 'error' | 'warning',
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const told = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`)
  return `::${level} ${told.join(',')}::${data(message)}`
}

/** What the runner decodes again, so that no text can end a command or begin another. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
