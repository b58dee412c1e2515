/**
 * `npm run model`: walks the worlds, the ablations and the free choices, and prints what it finds.
 *
 *   --wide    only the worlds that are too large for the test suite (about a minute and 600 MB)
 *   --docs    rewrites the generated part of docs/protocol.md
 *   --json    prints the findings as JSON and nothing else
 *   NAME …    only these ablations and free choices, with their traces
 *
 * Exit code 1 where the protocol is not clean, or an ablation breaks nothing or another law than it claims.
 */
import fs from 'node:fs'
import { CHAPTERS } from './ablations.ts'
import { ASSUMPTIONS } from './assumptions.ts'
import { find, findAll, type Finding } from './findings.ts'
import { CHOOSING, FREE_CHOICES } from './free-choices.ts'
import { regenerated } from './page.ts'
import { PROTOCOL } from './protocol.ts'
import { WORLDS } from './worlds.ts'

const PAGE = 'docs/protocol.md'

const flags = new Set(process.argv.slice(2).filter((argument) => argument.startsWith('--')))
const names = new Set(process.argv.slice(2).filter((argument) => !argument.startsWith('--')))
const ablations = CHAPTERS.flatMap((chapter) => chapter.ablations)
const expected = new Map([...ablations, ...ASSUMPTIONS].map(({ name, law }) => [name, law]))
let surprises = 0

function print({ name, states, moves, depth, law }: Finding): void {
  const surprise = law !== expected.get(name)
  if (surprise) surprises += 1
  const counts = `${String(states).padStart(9)} states ${String(moves).padStart(10)} moves`
  const answer = law === undefined ? 'clean' : `${law} after ${depth} moves`
  const claim = surprise ? `   expected ${expected.get(name) ?? 'clean'}` : ''
  console.log(`${name.padEnd(40)} ${counts}   ${answer}${claim}`)
}

function printChosen(): void {
  const choices = FREE_CHOICES.map((choice) => ({ ...choice, bounds: CHOOSING }))
  for (const { name, protocol, bounds } of [...ablations, ...choices]) {
    if (!names.has(name)) continue
    const finding = find(name, protocol, bounds)
    print(finding)
    if (finding.trace !== '') console.log(`\n${finding.trace}\n`)
  }
}

function printWide(): void {
  for (const { name, bounds, inTests } of WORLDS) {
    if (!inTests) print(find(name, PROTOCOL, bounds))
  }
}

function printAll(): void {
  const findings = findAll(flags.has('--json') ? undefined : print)
  if (flags.has('--json')) console.log(JSON.stringify(findings))
  if (flags.has('--docs')) {
    fs.writeFileSync(PAGE, regenerated(fs.readFileSync(PAGE, 'utf8'), findings))
  }
}

if (names.size > 0) printChosen()
else if (flags.has('--wide')) printWide()
else printAll()
process.exitCode = surprises > 0 ? 1 : 0
