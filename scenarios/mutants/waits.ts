/** Mutants of timers, signals and deadlines. */
import type { Mutant } from '../../harness/mutate/mutant.ts'

export const waitMutants: readonly Mutant[] = [
  {
    id: 'B02-signal-consumed-first',
    class: 'B02',
    title: 'a signal is taken out of the inbox before its consumption is recorded',
    file: 'src/waits.ts',
    find: '    try {\n      await scope.commitSettlement(',
    replace: '    await mailbox.consume(id)\n    try {\n      await scope.commitSettlement(',
    verdicts: ['WEDGED', 'LOST_EFFECT'],
    scenarios: ['waits'],
    needs: 'kill',
    cites: ['openai/openai-agents-python#4615'],
  },
  {
    id: 'B16-overdue-not-armed',
    class: 'B16',
    title: 'on resume only timers that are still in the future are armed',
    file: 'src/waits.ts',
    find: '  await scope.run.clock.until(due, scope.signal)\n',
    replace: `  if (armed !== undefined && due <= scope.run.clock.now()) await new Promise(() => {})
  await scope.run.clock.until(due, scope.signal)
`,
    verdicts: ['WEDGED', 'LOST_EFFECT'],
    scenarios: ['waits'],
    needs: 'clock',
    cites: ['vercel/workflow#679'],
  },
  {
    id: 'B16-timer-slides',
    class: 'B16',
    title: 'a timer counts from the latest restart',
    file: 'src/waits.ts',
    find: 'const due = armed ?? dueOf()',
    replace: 'const due = dueOf()',
    verdicts: ['REDONE'],
    scenarios: ['waits'],
    needs: 'kill',
    cites: ['ablative-io/aion#159'],
  },
  {
    id: 'B16-deadline-slides',
    class: 'B16',
    title: 'a deadline counts from the latest restart',
    file: 'src/run.ts',
    find: 'return this.view.begin?.deadline\n',
    replace: `const { at = 0, deadline } = this.view.begin ?? {}
    this.openedAt ??= this.clock.now()
    return deadline === undefined ? undefined : this.openedAt + deadline - at
`,
    verdicts: ['OVERSPENT'],
    scenarios: ['deadline'],
    needs: 'clock',
    cites: ['Effect-TS/effect#6318'],
  },
  {
    id: 'B16-signal-not-named',
    class: 'B16',
    title: 'the record that consumes a signal does not name it',
    file: 'src/waits.ts',
    find: "const received = { status: 'done', value: payload, message: id } as const",
    replace: "const received = { status: 'done', value: payload } as const",
    verdicts: ['REDONE'],
    scenarios: ['waits'],
    needs: 'kill',
    cites: ['ablative-io/aion#159'],
  },
]
