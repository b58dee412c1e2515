/** `killpoint judge FOLDER`: what today's checkers say of a stored failure. Reads files; no process is started. */
import { judgeArtifact } from '../report/artifact/judge.ts'
import type { Output } from '../report/output.ts'
import { visible } from '../report/visible.ts'
import { exitCode, invariants } from '../verdict.ts'

/** Judges a folder, says what came of it, and gives the exit code of the verdict. */
export function judgeCommand(folder: string, output: Output): number {
  const { stored, judgement, isSame } = judgeArtifact(folder)
  const { verdict, finding, follows, reasons } = judgement
  const { say, ink } = output
  output.json({
    version: 1,
    token: stored.token,
    verdict,
    exitCode: exitCode(verdict),
    isSame,
    judgement,
  })
  const code = exitCode(verdict)
  say(
    `${stored.scenario} × ${visible(stored.system.name)}   stored by killpoint ${visible(stored.killpoint)}`,
  )
  const title =
    finding === undefined ? '' : `  ${finding.invariant} ${invariants[finding.invariant].title}`
  say(`${code === 0 ? ink.good('✓') : ink.bad('✗')} ${verdict}${title}`)
  if (finding !== undefined)
    say(`  life ${finding.life}  ${visible([finding.what, ...finding.details].join('; '))}`)
  for (const each of follows) say(`  follows  ${each.invariant} ${each.verdict}`)
  for (const reason of reasons) say(`  reason  ${visible(reason)}`)
  say(
    isSame
      ? 'the same verdict as when it was stored'
      : `it was stored as ${[stored.verdict, stored.invariant].filter(Boolean).join(' ')}`,
  )
  say(`  replay  npx killpoint replay ${visible(stored.token)}`)
  return code
}
