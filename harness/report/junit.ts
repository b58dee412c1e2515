/**
 * A result as JUnit XML: one suite a system, in it one test for each scenario that ran live, one for each that was explored and one for
 * each saved case. Failing cases of a scenario are one failure, told in full: a viewer of 100 000 tests helps nobody.
 */
import { outcomeRank, type Verdict } from '../verdict.ts'
import { brokenLaws, lawReason } from './laws.ts'
import { vacuous } from './result/coverage.ts'
import type { Result } from './result/result.ts'

type Outcome =
  | { readonly kind: 'passed' }
  | {
      readonly kind: 'failure' | 'error' | 'skipped'
      readonly message: string
      readonly text: string
    }

interface Test {
  readonly suite: string
  readonly name: string
  readonly outcome: Outcome
  /** Number of cases behind it. */
  readonly assertions: number
}

/** The XML, with a newline at its end. */
export function junit(result: Result): string {
  const tests = [
    ...lawTests(result),
    ...liveTests(result),
    ...exploredTests(result),
    ...corpusTests(result),
  ]
  const suites = [...new Set(tests.map(({ suite }) => suite))]
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="killpoint ${escaped(result.command)}"${numbers(tests)}>`,
    ...suites.flatMap((suite) =>
      suiteLines(
        result,
        suite,
        tests.filter((test) => test.suite === suite),
      ),
    ),
    '</testsuites>',
  ]
  return `${lines.join('\n')}\n`
}

function suiteLines(result: Result, suite: string, tests: readonly Test[]): readonly string[] {
  const { seed, profile, environment } = result
  const properties = { seed, profile, ...environment }
  return [
    `  <testsuite name="${escaped(suite)}"${numbers(tests)}>`,
    '    <properties>',
    ...Object.entries(properties).map(
      ([name, value]) => `      <property name="${escaped(name)}" value="${escaped(value)}"/>`,
    ),
    '    </properties>',
    ...tests.flatMap(testLines),
    '  </testsuite>',
  ]
}

function testLines({ suite, name, outcome, assertions }: Test): readonly string[] {
  const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}" assertions="${assertions}"`
  if (outcome.kind === 'passed') return [`${head}/>`]
  const { kind, message, text } = outcome
  return [
    `${head}>`,
    `      <${kind} message="${escaped(message)}">${escaped(text)}</${kind}>`,
    '    </testcase>',
  ]
}

function numbers(tests: readonly Test[]): string {
  const count = (kind: Outcome['kind']): number =>
    tests.filter(({ outcome }) => outcome.kind === kind).length
  return ` tests="${tests.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

function lawTests({ laws = [] }: Result): readonly Test[] {
  return laws.map((each): Test => {
    const { system, law, title, outcome } = each
    const name = `law ${law}: ${title}`
    const [failure] = brokenLaws([each])
    if (failure !== undefined) {
      const { verdict, text } = failure
      const message = `${verdict}: ${title}`
      return { suite: system, name, outcome: { kind: 'failure', message, text }, assertions: 1 }
    }
    if (outcome.kind === 'held')
      return { suite: system, name, outcome: { kind: 'passed' }, assertions: 1 }
    const message = lawReason(each)
    return { suite: system, name, outcome: { kind: 'skipped', message, text: '' }, assertions: 0 }
  })
}

function liveTests(result: Result): readonly Test[] {
  const { coverage, skipped } = result
  return [
    ...coverage.map((each): Test => {
      const { scenario, system } = each
      const doubts = result.shards.length > 0 ? [] : vacuous(each)
      const name = `${scenario}: real kills`
      return {
        suite: system,
        name,
        outcome: outcomeOf(result, scenario, system, doubts),
        assertions: each.cases,
      }
    }),
    ...skipped.map(({ scenario, system, missing }): Test => ({
      suite: system,
      name: `${scenario}: real kills`,
      outcome: { kind: 'skipped', message: `it does not claim ${missing}`, text: '' },
      assertions: 0,
    })),
  ]
}

function outcomeOf(
  result: Result,
  scenario: string,
  system: string,
  doubts: readonly string[],
): Outcome {
  const { cases } = result
  const worst = { rank: 0, verdict: '', count: 0 }
  for (const [index, group] of cases.group.entries()) {
    const of = cases.groups[group]
    if (of?.scenario !== scenario || of.system !== system) continue
    const verdict = cases.verdicts[cases.verdict[index] ?? 0] ?? ''
    const rank = outcomeRank(verdict as Verdict)
    if (rank > 0) worst.count += 1
    if (rank > worst.rank) Object.assign(worst, { rank, verdict })
  }
  if (worst.rank === 0)
    return doubts.length === 0
      ? { kind: 'passed' }
      : { kind: 'error', message: 'inconclusive', text: doubts.join('\n') }
  return {
    kind: worst.rank === 3 ? 'failure' : 'error',
    message: `${worst.verdict}: ${worst.count} ${worst.count === 1 ? 'case is' : 'cases are'} no pass`,
    text: textsOf(result, scenario, system),
  }
}

function exploredTests(result: Result): readonly Test[] {
  return result.explored.map((each): Test => {
    const { scenario, system, verdict, skipped, controlFault, findings, counts } = each
    const rank = outcomeRank(verdict as Verdict)
    const texts = findings.map(({ token, what }) => `${what}\n  ${token}`).join('\n')
    const outcome: Outcome =
      skipped !== undefined
        ? { kind: 'skipped', message: skipped, text: '' }
        : rank === 0
          ? { kind: 'passed' }
          : {
              kind: rank === 3 ? 'failure' : 'error',
              message: `${verdict}: ${findings.length} findings`,
              text:
                controlFault ??
                [textsOf(result, scenario, system), texts].filter(Boolean).join('\n\n'),
            }
    return {
      suite: system,
      name: `${scenario}: explored`,
      outcome,
      assertions: Math.round(counts['checked'] ?? 0),
    }
  })
}

function corpusTests({ corpus, failures }: Result): readonly Test[] {
  return corpus.map((each): Test => {
    const { file, token, verdict, outcome, text } = each
    const isStale = outcome === 'stale' || outcome === 'not-fired'
    const rank = outcomeRank(verdict as Verdict)
    const told = failures.find((failure) => failure.token === file)?.text ?? text
    return {
      suite: 'corpus',
      name: file,
      assertions: 1,
      outcome: isStale
        ? { kind: 'skipped', message: `stale: ${text}`, text: token }
        : rank === 0
          ? { kind: 'passed' }
          : { kind: rank === 3 ? 'failure' : 'error', message: verdict, text: told },
    }
  })
}

function textsOf({ failures }: Result, scenario: string, system: string): string {
  const own = failures.filter((each) => each.system === system)
  const same = own.filter((each) => each.scenario === scenario)
  return (same.length > 0 ? same : own).map(({ text }) => text).join('\n\n')
}

/** Text for XML 1.0: what it cannot hold at all (most controls, lone surrogates) is shown as `\uXXXX`. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
}
