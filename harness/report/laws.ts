/** What became of the laws of a journal, as a result holds it and as a person is told. */
import type { Breach } from '../verdict.ts'
import type { Result } from './result/result.ts'

/** One law of a result. */
export type ToldLaw = NonNullable<Result['laws']>[number]

/** A broken law, told whole. */
export interface BrokenLaw {
  readonly verdict: Breach
  /** Without colour; its last line is the one to paste. */
  readonly text: string
}

/** Those that are broken, in their own order. */
export function brokenLaws(laws: readonly ToldLaw[]): readonly BrokenLaw[] {
  return laws.flatMap(({ system, law, title, outcome, again }) => {
    if (outcome.kind !== 'broken') return []
    const { verdict, what } = outcome as unknown as { verdict: Breach; what: string }
    const lines = [
      `✗ ${law} × ${system}   ${verdict}  ${title}`,
      ...what.split('\n').map((line) => `  found   ${line}`),
      `  again   ${again ?? ''}`,
    ]
    return [{ verdict, text: lines.join('\n') }]
  })
}

/** Why a law was not judged; empty where it was. */
export function lawReason({ outcome }: ToldLaw): string {
  if (outcome.kind === 'not-claimed')
    return `it does not claim ${(outcome['claims'] as readonly string[]).join(', ')}`
  return outcome.kind === 'skipped' ? String(outcome['why']) : ''
}
